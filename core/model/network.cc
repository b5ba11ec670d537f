// A tile of candidates through the network, and what of a candidate can be kept.
#include "core/model/network.h"

#include <cstring>

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

}  // namespace

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

namespace {

constexpr auto context = static_cast<std::uint32_t>(Side::context);
constexpr auto candidate = static_cast<std::uint32_t>(Side::candidate);

bool feeds_candidates(const NetworkPlan& plan) {
  for (const FedColumns& fed : plan.prepared->fed) {
    if (fed.side == candidate) return true;
  }
  return false;
}

bool are_all_kept(std::span<const std::int16_t* const> sums) {
  for (const std::int16_t* row : sums) {
    if (row == nullptr) return false;
  }
  return !sums.empty();
}

}  // namespace

std::size_t kept_codes_per_row(const NetworkPlan& plan) {
  const NetworkPlan::Prepared& prepared = *plan.prepared;
  return prepared.block_inputs[candidate] == 0 ? 0 : prepared.block_strides[candidate];
}

std::size_t kept_sums_per_row(const NetworkPlan& plan) {
  return plan.prepared->block_inputs[candidate] == 0 ? 0 : plan.prepared->n_context_sums;
}

bool reads_candidate_codes(const NetworkPlan& plan, const KeptCandidates& kept) {
  return !are_all_kept(kept.sums) || feeds_candidates(plan);
}

bool needs_candidate_fields(const NetworkPlan& plan, const KeptCandidates& kept) {
  return kept.codes.empty() && reads_candidate_codes(plan, kept);
}

// Zeroed first, since kernels read padding that no field writes.
void code_candidates(const NetworkPlan& plan, std::span<const EncodedField> encoded,
                     std::uint32_t n_rows, std::uint8_t* codes) {
  if (n_rows == 0 || kept_codes_per_row(plan) == 0) return;
  std::memset(codes, 0, n_rows * kept_codes_per_row(plan));
  quantise_block(plan, candidate, encoded, 0, n_rows, codes);
}

Status sum_candidates(const NetworkPlan& plan, std::span<const EncodedField> encoded,
                      std::uint32_t n_rows, Arena* arena, std::int16_t* sums) {
  if (n_rows == 0 || kept_sums_per_row(plan) == 0) return Status::ok;
  Tile tile;
  GUARDRANK_TRY(open_tile(plan, n_rows, 1, arena, &tile));
  for (std::uint32_t first = 0; first < n_rows; first += tile.n) {
    tile.n = n_rows - first < tile.rows ? n_rows - first : tile.rows;
    quantise_block(plan, candidate, encoded, first, tile.n, tile.x[candidate]);
    for_each_layer_over_x(*plan.prepared, [&](const PreparedLayer& layer) {
      sum_candidate_block(plan, layer, tile, 0, tile.n, sums + first * kept_sums_per_row(plan));
    });
  }
  return Status::ok;
}

Status quantise_context(const NetworkPlan& plan, Frame* frame) {
  for (std::size_t i = 0; i < frame->encoded.size(); ++i)
    if (plan.model->fields[i].is_apart() && frame->encoded[i].rows == nullptr) return Status::internal;
  std::uint8_t* codes = nullptr;
  GUARDRANK_TRY(take_codes(&frame->arena(), plan.prepared->block_strides[context], &codes));
  quantise_block(plan, context, frame->encoded, 0, 1, codes);
  frame->context_codes = {codes, plan.prepared->block_inputs[context]};
  return Status::ok;
}

}  // namespace guardrank
