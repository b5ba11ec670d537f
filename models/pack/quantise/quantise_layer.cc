#include "models/pack/quantise/quantise_layer.h"

#include <algorithm>
#include <cmath>

namespace guardrank::pack {
namespace {

constexpr double largest_weight = 127;
// Leaves room for the sums: 127 * 127 * 16384 < 2^28, three s16 blocks less.
constexpr double largest_bias = 1 << 30;

// Scales of input columns are folded into the weights first, so that wide dense values and narrow
// embeddings keep their bits; then one scale per output. A channel whose weights vanish beside its
// bias takes the scale at which the bias still fits.
double channel_scale(const FloatLayer& layer, std::span<const InputColumn> columns,
                     std::uint32_t o) {
  double largest = 0;
  for (std::uint32_t i = 0; i < layer.n_in; ++i)
    largest = std::max(largest, std::abs(double{layer.weights[std::size_t{o} * layer.n_in + i]}) *
                                    columns[i].scale);
  const double for_bias = std::abs(double{layer.bias[o]}) / largest_bias;
  const double scale = std::max(largest / largest_weight, for_bias);
  return scale > 1e-30 ? scale : 1.0;
}

void quantise_row(const FloatLayer& layer, std::span<const InputColumn> columns, std::uint32_t o,
                  double scale, std::int8_t* out) {
  for (std::uint32_t i = 0; i < layer.n_in; ++i) {
    const double folded = layer.weights[std::size_t{o} * layer.n_in + i] * columns[i].scale;
    out[i] = static_cast<std::int8_t>(round_code(folded / scale, -127, 127));
  }
}

// The furthest from zero that a block's sum can be, whatever the codes.
std::int64_t worst_sum(const std::int8_t* weights, std::span<const InputColumn> columns) {
  std::int64_t highest = 0, lowest = 0;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const int a = weights[i] * (columns[i].lowest - columns[i].zero_point);
    const int b = weights[i] * (columns[i].highest - columns[i].zero_point);
    highest += std::max(a, b);
    lowest += std::min(a, b);
  }
  return std::max(highest, -lowest);
}

bool fits_s16(std::int64_t sum, int shift) {
  const std::int64_t half = shift > 0 ? std::int64_t{1} << (shift - 1) : 0;
  return (sum + half) >> shift <= INT16_MAX;
}

// The fewest bits dropped with which no block of any output can saturate.
int find_shift(const std::int8_t* weights, const FloatLayer& layer,
               std::span<const InputColumn> columns, std::span<const std::uint32_t> block_inputs) {
  std::int64_t worst = 0;
  for (std::uint32_t o = 0; o < layer.n_out; ++o) {
    std::size_t first = 0;
    for (std::uint32_t count : block_inputs) {
      worst = std::max(worst, worst_sum(weights + std::size_t{o} * layer.n_in + first,
                                        columns.subspan(first, count)));
      first += count;
    }
  }
  int shift = 0;
  while (!fits_s16(worst, shift)) ++shift;
  return shift;
}

// Zero points of a layer that does not read x go into the bias; the others are the engine's.
std::int64_t zero_sum(const std::int8_t* weights, std::span<const InputColumn> columns) {
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < columns.size(); ++i) sum += weights[i] * columns[i].zero_point;
  return sum;
}

}  // namespace

Layer quantise_layer(const FloatLayer& layer, std::span<const InputColumn> columns,
                     std::span<const std::uint32_t> block_inputs, LayerOutput output,
                     double output_scale, Memory* memory) {
  const std::span<std::int8_t> weights =
      memory->make<std::int8_t>(std::size_t{layer.n_out} * layer.n_in);
  const std::span<std::int32_t> bias = memory->make<std::int32_t>(layer.n_out);
  const std::span<float> multiplier = memory->make<float>(layer.n_out);
  std::vector<double> scales(layer.n_out);
  for (std::uint32_t o = 0; o < layer.n_out; ++o) {
    scales[o] = channel_scale(layer, columns, o);
    quantise_row(layer, columns, o, scales[o], weights.data() + std::size_t{o} * layer.n_in);
  }
  const int shift = layer.reads_x ? find_shift(weights.data(), layer, columns, block_inputs) : 0;
  for (std::uint32_t o = 0; o < layer.n_out; ++o) {
    const double unit = std::ldexp(scales[o], shift);
    const std::int64_t zeros =
        layer.reads_x ? 0 : zero_sum(weights.data() + std::size_t{o} * layer.n_in, columns);
    bias[o] = static_cast<std::int32_t>(
        static_cast<std::int64_t>(std::nearbyint(layer.bias[o] / unit)) - zeros);
    multiplier[o] = static_cast<float>(output == LayerOutput::codes ? unit / output_scale : unit);
  }
  Layer out;
  out.n_out = layer.n_out;
  out.n_in = layer.n_in;
  out.weights = weights.data();
  out.bias = bias;
  out.multiplier = multiplier;
  out.input_shift = static_cast<std::uint8_t>(shift);
  return out;
}

}  // namespace guardrank::pack
