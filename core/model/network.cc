// One request through the network: context once, then candidates tile by tile.
#include "core/model/network.h"

#include "core/model/prepared_network.h"

namespace guardrank {
namespace {

// The layer reads `input`, or x; its codes go to one of the two hidden slots.
Slot hidden_slot(const NetworkPlan& plan, std::size_t k, std::uint32_t width) {
  const Slot& slot = plan.prepared->hidden[k % 2];
  return {slot.offset, width, slot.stride};
}

void run_expert(const NetworkPlan& plan, const PreparedExpert& expert, const Tile& tile) {
  Slot input = expert.input;
  for (std::size_t k = 0; k < expert.layers.size(); ++k) {
    const PreparedLayer& layer = expert.layers[k];
    const bool is_last = k + 1 == expert.layers.size();
    const Slot output = is_last ? expert.output : hidden_slot(plan, k, layer.n_out);
    run_hidden_layer(plan, layer, input, output, tile);
    input = output;
  }
}

void run_tower(const NetworkPlan& plan, const PreparedTower& tower, const Tile& tile,
               float* logits) {
  Slot input = tower.input;
  for (std::size_t k = 0; k + 1 < tower.layers.size(); ++k) {
    const Slot output = hidden_slot(plan, k, tower.layers[k].n_out);
    run_hidden_layer(plan, tower.layers[k], input, output, tile);
    input = output;
  }
  const PreparedLayer& last = tower.layers.back();
  const Rows<const std::int32_t> totals = layer_totals(plan, last, input, tile);
  for (std::uint32_t row = 0; row < tile.n; ++row) {
    logits[row] = static_cast<float>(totals.first[row * totals.stride]) * last.multiplier[0];
  }
}

void run_tile(const NetworkPlan& plan, const Tile& tile, std::uint32_t first_row,
              std::span<std::span<float>> logits) {
  for (const PreparedLevel& level : plan.prepared->levels) {
    for (const PreparedExpert& expert : level.experts) run_expert(plan, expert, tile);
    run_gates(plan, level, tile);
  }
  for (std::size_t h = 0; h < logits.size(); ++h) {
    run_tower(plan, plan.prepared->towers[h], tile, logits[h].data() + first_row);
  }
}

template <typename Visit>
void for_each_layer_over_x(const NetworkPlan::Prepared& prepared, const Visit& visit) {
  const auto visit_layer = [&](const PreparedLayer& layer) {
    if (layer.reads_x) visit(layer);
  };
  for (const PreparedLevel& level : prepared.levels) {
    for (const PreparedExpert& expert : level.experts) visit_layer(expert.layers.front());
    for (const PreparedGate& gate : level.gates) {
      if (gate.layer != nullptr) visit_layer(*gate.layer);
    }
  }
  for (const PreparedTower& tower : prepared.towers) visit_layer(tower.layers.front());
}

template <typename T>
Status take(Arena* arena, std::size_t count, T** first) {
  std::span<T> memory;
  GUARDRANK_TRY(arena->make(count, &memory));
  *first = memory.data();
  return Status::ok;
}

// Zeroed, since kernels read (and multiply by zero) padding that no field and no layer writes.
Status take_codes(Arena* arena, std::size_t bytes, std::uint8_t** first) {
  std::span<std::uint8_t> memory;
  GUARDRANK_TRY(arena->make_uninitialised(bytes, &memory));
  if (!memory.empty()) __builtin_memset(memory.data(), 0, memory.size());
  *first = memory.data();
  return Status::ok;
}

Status open_tile(const NetworkPlan& plan, std::uint32_t n_rows, Arena* arena, Tile* tile) {
  const NetworkPlan::Prepared& prepared = *plan.prepared;
  tile->rows = n_rows < prepared.tile_rows ? n_rows : prepared.tile_rows;
  for (std::uint32_t side = 0; side < n_sides; ++side) {
    const std::size_t rows = side == static_cast<std::uint32_t>(Side::context) ? 1 : tile->rows;
    GUARDRANK_TRY(take_codes(arena, rows * prepared.block_strides[side], &tile->x[side]));
  }
  GUARDRANK_TRY(take_codes(arena, std::size_t{tile->rows} * prepared.activation_bytes,
                           &tile->activations));
  GUARDRANK_TRY(take(arena, std::size_t{tile->rows} * prepared.widest, &tile->totals));
  GUARDRANK_TRY(take(arena, prepared.widest, &tile->zeros));
  GUARDRANK_TRY(take(arena,
                     std::size_t{padded_rows(tile->rows)} * prepared.most_experts * gates_per_mix,
                     &tile->coefficients));
  GUARDRANK_TRY(take(arena, prepared.most_experts, &tile->experts));
  return take(arena, prepared.n_context_sums, &tile->context_sums);
}

bool fits_rows(const Model& model, std::span<const EncodedField> encoded, std::uint32_t n_rows) {
  if (encoded.size() != model.fields.size()) return false;
  for (std::size_t i = 0; i < encoded.size(); ++i) {
    const bool is_context = model.fields[i].side == Side::context;
    if (encoded[i].n_rows != 1 && (is_context || encoded[i].n_rows != n_rows)) return false;
  }
  return true;
}

Status open_logits(std::size_t n_heads, std::uint32_t n_rows, Arena* arena,
                   std::span<std::span<float>>* logits) {
  GUARDRANK_TRY(arena->make(n_heads, logits));
  for (std::span<float>& head : *logits) GUARDRANK_TRY(arena->make(n_rows, &head));
  return Status::ok;
}

}  // namespace

Status score_encoded(const NetworkPlan& plan, std::span<const EncodedField> encoded,
                     std::uint32_t n_rows, Arena* arena, std::span<std::span<float>>* logits) {
  GUARDRANK_TRY(open_logits(plan.model->heads.size(), n_rows, arena, logits));
  if (n_rows == 0) return Status::ok;
  if (!fits_rows(*plan.model, encoded, n_rows)) return Status::internal;
  constexpr auto context = static_cast<std::uint32_t>(Side::context);
  Tile tile;
  GUARDRANK_TRY(open_tile(plan, n_rows, arena, &tile));
  quantise_block(plan, context, encoded, 0, 1, tile.x[context]);
  for_each_layer_over_x(*plan.prepared,
                        [&](const PreparedLayer& layer) { add_context(plan, layer, tile); });
  for (std::uint32_t first = 0; first < n_rows; first += tile.n) {
    tile.n = n_rows - first < tile.rows ? n_rows - first : tile.rows;
    for (std::uint32_t side = context + 1; side < n_sides; ++side) {
      quantise_block(plan, side, encoded, first, tile.n, tile.x[side]);
    }
    run_tile(plan, tile, first, *logits);
  }
  return Status::ok;
}

Status score_network(const NetworkPlan& plan, Frame* frame) {
  return score_encoded(plan, frame->encoded, frame->n_rows(), &frame->arena(), &frame->logits);
}

}  // namespace guardrank
