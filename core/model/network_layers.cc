// Layers over a tile of candidates: sums, rounding of the blocks of x, codes.
#include <cstring>

#include "core/model/prepared_network.h"

namespace guardrank {
namespace {

constexpr std::uint32_t context = static_cast<std::uint32_t>(Side::context);
constexpr std::uint32_t candidate = static_cast<std::uint32_t>(Side::candidate);
constexpr std::uint32_t pair = static_cast<std::uint32_t>(Side::pair);

// What every layer's task has in common.
LayerTask open_task(const PreparedLayer& layer, std::uint32_t block, const Tile& tile) {
  LayerTask task;
  task.n_rows = tile.n;
  task.weights = &layer.blocks[block].weights;
  task.initial = layer.blocks[block].initial;
  return task;
}

LayerTask task_over_x(const NetworkPlan& plan, const PreparedLayer& layer, std::uint32_t side,
                      const Tile& tile) {
  LayerTask task = open_task(layer, side, tile);
  task.codes = {tile.x[side], plan.prepared->block_strides[side]};
  task.rounds = true;
  task.may_saturate = layer.blocks[side].may_saturate;
  task.shift = layer.shift;
  return task;
}

// The context's sums alone where a row has no column of its own: a block without inputs whose sums
// are all 0.
LayerTask task_without_columns(const PreparedLayer& layer, const Tile& tile) {
  LayerTask task = open_task(layer, candidate, tile);
  task.initial = tile.zeros;
  task.rounds = true;
  return task;
}

const std::int32_t* context_sums(const NetworkPlan& plan, const PreparedLayer& layer,
                                 const Tile& tile, std::uint32_t row) {
  const std::size_t part = tile.context_of == nullptr ? 0 : tile.context_of[row];
  return tile.context_sums + part * plan.prepared->n_context_sums + layer.context_offset;
}

// How many rows from this one on have the same context.
std::uint32_t rows_alike(const Tile& tile, std::uint32_t row) {
  if (tile.context_of == nullptr) return tile.n - row;
  std::uint32_t n = 1;
  while (row + n < tile.n && tile.context_of[row + n] == tile.context_of[row]) ++n;
  return n;
}

// The candidate block of `run_over_x` from kept sums.
void add_kept(const NetworkPlan& plan, const PreparedLayer& layer, const Tile& tile,
              const float* multiplier, Rows<std::uint8_t> output) {
  KeptSumsTask task;
  task.first_output = layer.context_offset;
  task.n_out = layer.n_out_padded;
  task.multiplier = multiplier;
  task.is_calm = layer.is_calm;
  for (std::uint32_t row = 0; row < tile.n; row += task.n_rows) {
    task.n_rows = rows_alike(tile, row);
    task.sums = tile.kept + row;
    task.base = context_sums(plan, layer, tile, row);
    task.totals = {tile.totals + std::size_t{row} * plan.prepared->widest, plan.prepared->widest};
    task.requantised = {output.first + row * output.stride, output.stride};
    plan.kernel->add_kept_sums(&task);
  }
}

// What the rows' contexts contribute, as a base for the next sums: shared by all rows where there is
// one context, else copied to the totals.
Rows<const std::int32_t> base_of(const NetworkPlan& plan, const PreparedLayer& layer,
                                 const Tile& tile, Rows<std::int32_t> totals) {
  if (tile.context_of == nullptr) return {context_sums(plan, layer, tile, 0), 0};
  for (std::uint32_t row = 0; row < tile.n; ++row) {
    std::memcpy(totals.first + row * totals.stride, context_sums(plan, layer, tile, row),
                layer.n_out_padded * sizeof(std::int32_t));
  }
  return {totals.first, totals.stride};
}

// The totals to `tile.totals`, or where the layer's multiplier is used the codes to `output`.
void run_over_x(const NetworkPlan& plan, const PreparedLayer& layer, const Tile& tile,
                const float* multiplier, Rows<std::uint8_t> output) {
  const Rows<std::int32_t> totals = {tile.totals, plan.prepared->widest};
  const bool has_pair = layer.blocks[pair].weights.n_in != 0;
  const bool has_candidate = layer.blocks[candidate].weights.n_in != 0;
  Rows<const std::int32_t> base;
  if (tile.kept == nullptr) base = base_of(plan, layer, tile, totals);
  for (std::uint32_t side = candidate; side <= pair; ++side) {
    if (side == pair ? !has_pair : !has_candidate && has_pair) continue;
    if (side == candidate && tile.kept != nullptr) {
      add_kept(plan, layer, tile, has_pair ? nullptr : multiplier, output);
      base = {totals.first, totals.stride};
      continue;
    }
    LayerTask task = has_candidate || has_pair ? task_over_x(plan, layer, side, tile)
                                               : task_without_columns(layer, tile);
    const bool is_last = side == pair || !has_pair;
    task.base = base;
    task.totals = totals;
    task.multiplier = is_last ? multiplier : nullptr;
    if (tile.starts != nullptr && layer.folded == &layer.blocks[side]) {
      task.start = tile.starts + layer.context_offset;
      task.scaled_multiplier = layer.scaled_multiplier;
    }
    task.requantised = output;
    plan.kernel->run_layer(&task);
    base = {totals.first, totals.stride};
  }
}

void run_any_layer(const NetworkPlan& plan, const PreparedLayer& layer, const Slot& input,
                   const Tile& tile, const float* multiplier, Rows<std::uint8_t> output) {
  if (layer.reads_x) return run_over_x(plan, layer, tile, multiplier, output);
  LayerTask task = open_task(layer, 0, tile);
  task.codes = read_rows(tile, input);
  task.is_calm = layer.is_calm;
  task.ahead = tile.ahead;
  task.totals = {tile.totals, plan.prepared->widest};
  task.multiplier = multiplier;
  task.requantised = output;
  plan.kernel->run_layer(&task);
}

}  // namespace

void add_contexts(const NetworkPlan& plan, const PreparedLayer& layer, const Tile& tile,
                  std::uint32_t first, std::uint32_t n) {
  const std::size_t stride = plan.prepared->n_context_sums;
  std::int32_t* to = tile.context_sums + first * stride + layer.context_offset;
  if (layer.blocks[context].weights.n_in == 0) {
    for (std::uint32_t row = 0; row < n; ++row, to += stride) {
      std::memcpy(to, layer.bias, layer.n_out_padded * sizeof(std::int32_t));
    }
    return;
  }
  LayerTask task = task_over_x(plan, layer, context, tile);
  task.codes.first += first * task.codes.stride;
  task.n_rows = n;
  task.base = {layer.bias, 0};
  task.totals = {to, stride};
  plan.kernel->run_layer(&task);
}

// Sums modulo 2^32, though folded layers keep clear of it.
void start_folded_layers(const NetworkPlan& plan, const Tile& tile) {
  for_each_layer_over_x(*plan.prepared, [&](const PreparedLayer& layer) {
    if (layer.folded == nullptr) return;
    const std::int32_t* base = tile.context_sums + layer.context_offset;
    std::int32_t* to = tile.starts + layer.context_offset;
    for (std::uint32_t o = 0; o < layer.n_out_padded; ++o) {
      to[o] = static_cast<std::int32_t>(static_cast<std::uint32_t>(layer.folded->initial[o]) +
                                        (static_cast<std::uint32_t>(base[o]) << layer.shift));
    }
  });
}

void sum_candidate_block(const NetworkPlan& plan, const PreparedLayer& layer, const Tile& tile,
                         std::uint32_t first, std::uint32_t n, std::int16_t* sums) {
  const std::size_t code_stride = plan.prepared->block_strides[candidate];
  const std::size_t stride = plan.prepared->n_context_sums;
  LayerTask task = task_over_x(plan, layer, candidate, tile);
  task.codes.first += first * code_stride;
  task.n_rows = n;
  task.base = {tile.zeros, 0};
  task.totals = {tile.totals, plan.prepared->widest};
  plan.kernel->run_layer(&task);
  for (std::uint32_t row = 0; row < n; ++row) {
    const std::int32_t* from = tile.totals + row * task.totals.stride;
    std::int16_t* to = sums + (first + row) * stride + layer.context_offset;
    for (std::uint32_t o = 0; o < layer.n_out_padded; ++o) {
      to[o] = static_cast<std::int16_t>(from[o]);
    }
  }
}

Rows<const std::int32_t> layer_totals(const NetworkPlan& plan, const PreparedLayer& layer,
                                      const Slot& input, const Tile& tile) {
  run_any_layer(plan, layer, input, tile, nullptr, {});
  return {tile.totals, plan.prepared->widest};
}

void run_hidden_layer(const NetworkPlan& plan, const PreparedLayer& layer, const Slot& input,
                      const Slot& output, const Tile& tile) {
  run_any_layer(plan, layer, input, tile, layer.multiplier, slot_rows(tile, output));
  append_fed(plan, output, tile);
}

void append_fed(const NetworkPlan& plan, const Slot& slot, const Tile& tile) {
  if (plan.prepared->fed_width == 0) return;
  const Rows<std::uint8_t> rows = slot_rows(tile, slot);
  for (std::uint32_t row = 0; row < tile.n; ++row) {
    std::uint8_t* to = rows.first + row * rows.stride + slot.width;
    for (const FedColumns& fed : plan.prepared->fed) {
      const std::size_t part = tile.context_of == nullptr ? 0 : tile.context_of[row];
      const std::size_t from = fed.side == context ? part : row;
      std::memcpy(to, tile.x[fed.side] + from * plan.prepared->block_strides[fed.side] + fed.column,
                  fed.n);
      to += fed.n;
    }
  }
}

}  // namespace guardrank
