// One layer into the kernels' layout: weights in blocks, sums' starting values, padded multipliers.
#include <cstring>

#include "core/base/limits.h"
#include "core/model/network_builder.h"

namespace guardrank {
namespace {

struct Columns {
  std::uint32_t first = 0, n = 0;
};

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
  std::int8_t* to = bytes.data();
  for (std::size_t block = 0; block < n_out; block += outputs_per_block) {
    for (std::size_t group = 0; group < n_in; group += inputs_per_group) {
      for (std::size_t o = block; o < block + outputs_per_block; ++o, to += inputs_per_group) {
        const std::size_t left = group < columns.n ? columns.n - group : 0;
        const std::size_t n = o < layer.n_out ? left : 0;
        const std::int8_t* from = layer.weights + o * layer.n_in + columns.first + group;
        for (std::size_t i = 0; i < inputs_per_group; ++i) to[i] = i < n ? from[i] : std::int8_t{0};
      }
    }
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

// The least and the most that codes, 0 to 127 each, bring one output's sum to.
struct Reach {
  std::int64_t least = 0, most = 0;

  Reach rounded(std::uint8_t shift) const { return {least >> shift, most >> shift}; }
  bool is_within(std::int64_t low, std::int64_t high) const { return least >= low && most <= high; }
  void clamp_to_int16() {
    for (std::int64_t* end : {&least, &most}) {
      *end = *end < INT16_MIN ? INT16_MIN : *end > INT16_MAX ? INT16_MAX : *end;
    }
  }
  void add(const Reach& other) {
    least += other.least;
    most += other.most;
  }
};

Reach reach_of(const Layer& layer, Columns columns, std::size_t o, std::int32_t initial) {
  const std::int8_t* weights = layer.weights + o * layer.n_in + columns.first;
  std::int32_t least = 0, most = 0;   // at most limits::layer_width * 128 in size
  for (std::size_t i = 0; i < columns.n; ++i) {
    least += weights[i] < 0 ? weights[i] : 0;
    most += weights[i] > 0 ? weights[i] : 0;
  }
  return {initial + std::int64_t{least} * largest_code, initial + std::int64_t{most} * largest_code};
}

// Whether totals keep within int32, and their products with the multiplier within 2^22.
bool is_calm(const Reach& totals, float multiplier) {
  constexpr double limit = 4194000.0;   // less than 2^22 by more than two roundings to float
  const double size = multiplier < 0 ? -static_cast<double>(multiplier) : multiplier;
  return totals.is_within(INT32_MIN + 1, INT32_MAX) &&
         static_cast<double>(totals.most) * size < limit &&
         static_cast<double>(-totals.least) * size < limit;
}

}  // namespace

Status NetworkBuilder::check_layer(const Layer& layer, std::uint32_t n_in) const {
  if (layer.n_out == 0 || layer.n_out > limits::layer_width || n_in > limits::layer_width)
    return Status::limit;
  const bool fits = layer.n_in == n_in && layer.bias.size() == layer.n_out &&
                    layer.multiplier.size() == layer.n_out && layer.weights != nullptr &&
                    layer.input_shift < 32;
  return fits ? Status::ok : Status::dimension;
}

Status NetworkBuilder::begin_layer(const Layer& layer, std::uint32_t n_in, PreparedLayer* out) {
  GUARDRANK_TRY(check_layer(layer, n_in));
  out->n_out = layer.n_out;
  out->n_out_padded = padded_outputs(layer.n_out);
  if (out->n_out_padded > prepared_->widest) prepared_->widest = out->n_out_padded;
  return copy_padded(layer.multiplier, arena_, &out->multiplier);
}

Status NetworkBuilder::join_layers(std::span<const Layer* const> layers, Layer* joined) {
  std::uint32_t n_out = 0, o = 0;
  for (const Layer* layer : layers) n_out += layer->n_out;
  *joined = *layers[0];
  joined->n_out = n_out;
  if (layers.size() == 1) return Status::ok;
  std::span<std::int8_t> weights;
  std::span<std::int32_t> bias;
  std::span<float> multiplier;
  const std::size_t n_in = joined->n_in;
  GUARDRANK_TRY(arena_->make_uninitialised(n_out * n_in, &weights));
  GUARDRANK_TRY(arena_->make_uninitialised(n_out, &bias));
  GUARDRANK_TRY(arena_->make_uninitialised(n_out, &multiplier));
  for (const Layer* layer : layers) {
    const std::size_t n = layer->n_out;
    std::memcpy(weights.data() + o * n_in, layer->weights, n * n_in);
    std::memcpy(bias.data() + o, layer->bias.data(), n * sizeof(std::int32_t));
    std::memcpy(multiplier.data() + o, layer->multiplier.data(), n * sizeof(float));
    o += layer->n_out;
  }
  joined->weights = weights.data();
  joined->bias = bias;
  joined->multiplier = multiplier;
  return Status::ok;
}

Status NetworkBuilder::layer_over_x(const Layer& layer, PreparedLayer* out) {
  GUARDRANK_TRY(begin_layer(layer, n_inputs_, out));
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
    block.may_saturate = false;
  }
  return fold(layer, out);
}

// Finds which blocks may take a rounded sum out of int16 (the packer chooses the shift so that none
// does, and then nothing needs to be clamped), whether the layer is calm, and the block from whose
// `start` it may run: the one block besides the context's, where every output's numbers are small
// enough.
Status NetworkBuilder::fold(const Layer& layer, PreparedLayer* out) {
  const bool has_two = out->blocks[1].weights.n_in != 0 && out->blocks[2].weights.n_in != 0;
  const std::uint32_t side = out->blocks[2].weights.n_in != 0 ? 2 : 1;
  const PreparedBlock& block = out->blocks[side];
  bool may_fold = has_wide_kernels && !has_two && block.weights.n_in != 0;
  out->is_calm = true;
  std::span<float> scaled;
  GUARDRANK_TRY(arena_->make(out->n_out_padded, &scaled));
  constexpr float least_normal = 0x1p-126f;
  const float unit = 1.0f / static_cast<float>(std::uint32_t{1} << layer.input_shift);
  for (std::size_t o = 0; o < layer.n_out; ++o) {
    Reach base = {layer.bias[o], layer.bias[o]}, totals, last;
    Columns columns;
    for (std::uint32_t b = 0; b < n_sides; ++b) {
      columns = {columns.first + columns.n, prepared_->block_inputs[b]};
      if (columns.n == 0) continue;
      const Reach reach = reach_of(layer, columns, o, out->blocks[b].initial[o]);
      Reach rounded = reach.rounded(layer.input_shift);
      if (!rounded.is_within(INT16_MIN, INT16_MAX)) out->blocks[b].may_saturate = true;
      rounded.clamp_to_int16();
      (b == 0 ? base : totals).add(rounded);
      last = reach;
    }
    totals.add(base);
    const float multiplier = layer.multiplier[o];
    out->is_calm = out->is_calm && is_calm(totals, multiplier);
    if constexpr (!has_wide_kernels) continue;
    last.add({base.least * (std::int64_t{1} << layer.input_shift),
              base.most * (std::int64_t{1} << layer.input_shift)});
    scaled[o] = multiplier * unit;
    const float size = scaled[o] < 0 ? -scaled[o] : scaled[o];
    may_fold = may_fold && last.is_within(INT32_MIN, INT32_MAX) &&
               (multiplier == 0 || size >= least_normal);
  }
  if (!may_fold || !out->is_calm || block.may_saturate) return Status::ok;
  out->folded = &block;
  out->scaled_multiplier = scaled.data();
  return Status::ok;
}

Status NetworkBuilder::layer_over_codes(const Layer& layer, std::uint32_t previous,
                                        PreparedLayer* out) {
  GUARDRANK_TRY(begin_layer(layer, previous + prepared_->fed_width, out));
  GUARDRANK_TRY(pack_columns(layer, {0, layer.n_in}, arena_, &out->blocks[0].weights));
  prepared_->n_wide_blocks += (out->n_out_padded + 63) / 64;
  out->is_calm = true;
  for (std::size_t o = 0; o < layer.n_out && out->is_calm; ++o) {
    const Reach totals = reach_of(layer, {0, layer.n_in}, o, layer.bias[o]);
    out->is_calm = out->is_calm && is_calm(totals, layer.multiplier[o]);
  }
  return copy_padded(layer.bias, arena_, &out->blocks[0].initial);
}

}  // namespace guardrank
