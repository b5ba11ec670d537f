// One layer into the kernels' layout: weights in blocks, sums' starting values, padded multipliers.
#include "core/base/limits.h"
#include "core/model/network_builder.h"

namespace guardrank {
namespace {

struct Columns {
  std::uint32_t first = 0, n = 0;
};

Status check_layer(const Layer& layer, std::uint32_t n_in, std::string_view where, Error* error) {
  if (layer.n_in != n_in) {
    return error->wanted(Status::dimension, where, {n_in, " inputs"}, {layer.n_in});
  }
  if (layer.n_out == 0 || layer.n_out > limits::layer_width || n_in > limits::layer_width) {
    return error->set(
        Status::limit, where,
        {"widths ", n_in, " to ", layer.n_out, " outside 1 to ", limits::layer_width});
  }
  if (layer.bias.size() != layer.n_out || layer.multiplier.size() != layer.n_out) {
    return error->set(Status::dimension, where, {"bias or multiplier of another length than ",
                                                 layer.n_out});
  }
  if (layer.weights == nullptr) return error->set(Status::reference, where, {"has no weights"});
  if (layer.input_shift > 31) {
    return error->wanted(Status::dimension, where, {"a shift of at most 31"},
                         {std::uint32_t{layer.input_shift}});
  }
  return Status::ok;
}

template <typename T>
Status copy_padded(std::span<const T> values, Arena* arena, const T** copy) {
  std::span<T> padded;
  GUARDRANK_TRY(arena->make(padded_outputs(static_cast<std::uint32_t>(values.size())), &padded));
  for (std::size_t i = 0; i < values.size(); ++i) padded[i] = values[i];
  *copy = padded.data();
  return Status::ok;
}

// Weight [o][columns.first + i] to its place; see PackedWeights.
Status pack_columns(const Layer& layer, Columns columns, Arena* arena, PackedWeights* packed) {
  const std::uint32_t n_out = padded_outputs(layer.n_out), n_in = padded_inputs(columns.n);
  std::span<std::int8_t> bytes;
  GUARDRANK_TRY(arena->make_uninitialised(std::size_t{n_out} * n_in, &bytes));
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    const std::size_t group = at / (outputs_per_block * inputs_per_group);
    const std::size_t within = at % (outputs_per_block * inputs_per_group);
    const std::size_t groups_per_block = n_in / inputs_per_group;
    const std::size_t o = group / groups_per_block * outputs_per_block + within / inputs_per_group;
    const std::size_t i = group % groups_per_block * inputs_per_group + within % inputs_per_group;
    const bool is_weight = o < layer.n_out && i < columns.n;
    bytes[at] = is_weight ? layer.weights[o * layer.n_in + columns.first + i] : std::int8_t{0};
  }
  *packed = {bytes.data(), n_out, n_in};
  return Status::ok;
}

// r - zero_b[o] of README.md: sums that start there are centred and ready for the shift. Within
// int32: 2^30 for r and limits::layer_width * 128 * 255 for the zero points.
Status start_of_block(const Layer& layer, Columns columns,
                      std::span<const std::uint8_t> zero_points, Arena* arena,
                      const std::int32_t** initial) {
  std::span<std::int32_t> starts;
  GUARDRANK_TRY(arena->make(padded_outputs(layer.n_out), &starts));
  const std::int32_t half = layer.input_shift > 0 ? 1 << (layer.input_shift - 1) : 0;
  for (std::size_t o = 0; o < layer.n_out; ++o) {
    const std::int8_t* weights = layer.weights + o * layer.n_in + columns.first;
    std::int32_t zero = 0;
    for (std::size_t i = 0; i < columns.n; ++i) zero += weights[i] * zero_points[i];
    starts[o] = half - zero;
  }
  *initial = starts.data();
  return Status::ok;
}

// Whether some codes, 0 to 127 each, take a rounded sum out of int16. The packer chooses the shift so
// that none do, and then nothing needs to be clamped.
bool may_saturate(const Layer& layer, Columns columns, const std::int32_t* initial) {
  for (std::size_t o = 0; o < layer.n_out; ++o) {
    const std::int8_t* weights = layer.weights + o * layer.n_in + columns.first;
    std::int64_t least = initial[o], most = initial[o];
    for (std::size_t i = 0; i < columns.n; ++i) {
      (weights[i] < 0 ? least : most) += weights[i] * largest_code;
    }
    if (least >> layer.input_shift < INT16_MIN || most >> layer.input_shift > INT16_MAX) return true;
  }
  return false;
}

}  // namespace

Status NetworkBuilder::begin_layer(const Layer& layer, std::uint32_t n_in, std::string_view where,
                                   PreparedLayer* out) {
  GUARDRANK_TRY(check_layer(layer, n_in, where, error_));
  out->n_out = layer.n_out;
  out->n_out_padded = padded_outputs(layer.n_out);
  if (out->n_out_padded > prepared_->widest) prepared_->widest = out->n_out_padded;
  return copy_padded(layer.multiplier, arena_, &out->multiplier);
}

Status NetworkBuilder::layer_over_x(const Layer& layer, std::string_view where,
                                    PreparedLayer* out) {
  GUARDRANK_TRY(begin_layer(layer, n_inputs_, where, out));
  out->reads_x = true;
  out->shift = layer.input_shift;
  out->context_offset = prepared_->n_context_sums;
  prepared_->n_context_sums += out->n_out_padded;
  GUARDRANK_TRY(copy_padded(layer.bias, arena_, &out->bias));
  Columns columns;
  for (std::uint32_t side = 0; side < n_sides; ++side) {
    columns = {columns.first + columns.n, prepared_->block_inputs[side]};
    PreparedBlock& block = out->blocks[side];
    block.weights.n_out = out->n_out_padded;
    if (columns.n == 0) continue;
    GUARDRANK_TRY(pack_columns(layer, columns, arena_, &block.weights));
    GUARDRANK_TRY(start_of_block(layer, columns, zero_points_.subspan(columns.first), arena_,
                                 &block.initial));
    block.may_saturate = may_saturate(layer, columns, block.initial);
  }
  return Status::ok;
}

Status NetworkBuilder::layer_over_codes(const Layer& layer, std::uint32_t previous,
                                        std::string_view where, PreparedLayer* out) {
  GUARDRANK_TRY(begin_layer(layer, previous + prepared_->fed_width, where, out));
  GUARDRANK_TRY(pack_columns(layer, {0, layer.n_in}, arena_, &out->blocks[0].weights));
  return copy_padded(layer.bias, arena_, &out->blocks[0].initial);
}

}  // namespace guardrank
