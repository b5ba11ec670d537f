// Layers over a tile of candidates: sums, rounding of the blocks of x, codes.
#include <cstring>

#include "core/model/prepared_network.h"

namespace guardrank {
namespace {

constexpr std::uint32_t context = static_cast<std::uint32_t>(Side::context);

Rows<std::int32_t> widest_rows(const NetworkPlan& plan, std::int32_t* first) {
  return {first, plan.prepared->widest};
}

Rows<const std::int32_t> constant(Rows<std::int32_t> rows) { return {rows.first, rows.stride}; }

// The context's and the bias's part, the same for every row.
void copy_context(const NetworkPlan& plan, const PreparedLayer& layer, const Tile& tile) {
  const Rows<std::int32_t> totals = widest_rows(plan, tile.totals);
  for (std::uint32_t row = 0; row < tile.n; ++row) {
    std::memcpy(totals.first + row * totals.stride, tile.context_sums + layer.context_offset,
                layer.n_out_padded * sizeof(std::int32_t));
  }
}

Rows<const std::int32_t> totals_over_x(const NetworkPlan& plan, const PreparedLayer& layer,
                                       const Tile& tile) {
  const Rows<std::int32_t> sums = widest_rows(plan, tile.sums);
  const Rows<std::int32_t> totals = widest_rows(plan, tile.totals);
  Rows<const std::int32_t> base = {tile.context_sums + layer.context_offset, 0};
  for (std::uint32_t side = context + 1; side < n_sides; ++side) {
    const PreparedBlock& block = layer.blocks[side];
    if (block.weights.n_in == 0) continue;
    plan.kernel->multiply({tile.x[side], plan.prepared->block_strides[side]}, tile.n,
                          &block.weights, block.initial, sums);
    plan.kernel->round_block(constant(sums), layer.shift, base, tile.n, layer.n_out_padded, totals);
    base = constant(totals);
  }
  if (base.stride == 0) copy_context(plan, layer, tile);
  return constant(totals);
}

}  // namespace

void add_context(const NetworkPlan& plan, const PreparedLayer& layer, const Tile& tile) {
  std::int32_t* to = tile.context_sums + layer.context_offset;
  const PreparedBlock& block = layer.blocks[context];
  if (block.weights.n_in == 0) {
    std::memcpy(to, layer.bias, layer.n_out_padded * sizeof(std::int32_t));
    return;
  }
  const Rows<std::int32_t> sums = widest_rows(plan, tile.sums);
  plan.kernel->multiply({tile.x[context], plan.prepared->block_strides[context]}, 1,
                        &block.weights, block.initial, sums);
  plan.kernel->round_block(constant(sums), layer.shift, {layer.bias, 0}, 1, layer.n_out_padded,
                           {to, 0});
}

Rows<const std::int32_t> layer_totals(const NetworkPlan& plan, const PreparedLayer& layer,
                                      const Slot& input, const Tile& tile) {
  if (layer.reads_x) return totals_over_x(plan, layer, tile);
  const Rows<std::int32_t> totals = widest_rows(plan, tile.totals);
  plan.kernel->multiply(read_rows(tile, input), tile.n, &layer.blocks[0].weights,
                        layer.blocks[0].initial, totals);
  return constant(totals);
}

void run_hidden_layer(const NetworkPlan& plan, const PreparedLayer& layer, const Slot& input,
                      const Slot& output, const Tile& tile) {
  const Rows<const std::int32_t> totals = layer_totals(plan, layer, input, tile);
  plan.kernel->requantise(totals, layer.multiplier, tile.n, layer.n_out_padded,
                          slot_rows(tile, output));
  append_fed(plan, output, tile);
}

void append_fed(const NetworkPlan& plan, const Slot& slot, const Tile& tile) {
  if (plan.prepared->fed_width == 0) return;
  const Rows<std::uint8_t> rows = slot_rows(tile, slot);
  for (std::uint32_t row = 0; row < tile.n; ++row) {
    std::uint8_t* to = rows.first + row * rows.stride + slot.width;
    for (const FedColumns& fed : plan.prepared->fed) {
      const std::size_t from = fed.side == context ? 0 : row;
      std::memcpy(to, tile.x[fed.side] + from * plan.prepared->block_strides[fed.side] + fed.column,
                  fed.n);
      to += fed.n;
    }
  }
}

}  // namespace guardrank
