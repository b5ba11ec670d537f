#include "models/pack/float_reference/linear.h"

#include <cstring>

#include <xtensor/xmath.hpp>
#include <xtensor/xview.hpp>

namespace guardrank::pack {
namespace {

constexpr std::size_t lanes_per_block = 4;
// Four floats in a register, in both compilers; the fallback of other machines is scalar code.
using Lanes = float __attribute__((vector_size(16)));
static_assert(lanes_per_block * sizeof(Lanes) == Linear::block_outputs * sizeof(float));

Lanes load(const float* from) {
  Lanes lanes;
  std::memcpy(&lanes, from, sizeof lanes);
  return lanes;
}

// Sums of one block of outputs for one row.
void multiply_block(const float* x, const float* weights, const float* bias, std::size_t n_in,
                    float* out) {
  Lanes sums[lanes_per_block];
  for (std::size_t l = 0; l < lanes_per_block; ++l) sums[l] = load(bias + 4 * l);
  for (std::size_t i = 0; i < n_in; ++i, weights += Linear::block_outputs) {
    if (x[i] == 0) continue;             // half of the inputs after a ReLU
    for (std::size_t l = 0; l < lanes_per_block; ++l) sums[l] += x[i] * load(weights + 4 * l);
  }
  std::memcpy(out, sums, sizeof sums);
}

}  // namespace

Linear::Linear(const FloatLayer& layer) : n_out_(layer.n_out), n_in_(layer.n_in) {
  const std::size_t n_blocks = (n_out_ + block_outputs - 1) / block_outputs;
  weights_.assign(n_blocks * n_in_ * block_outputs, 0.0f);
  bias_.assign(n_blocks * block_outputs, 0.0f);
  for (std::size_t o = 0; o < n_out_; ++o) {
    bias_[o] = layer.bias[o];
    float* block = weights_.data() + o / block_outputs * n_in_ * block_outputs;
    for (std::size_t i = 0; i < n_in_; ++i)
      block[i * block_outputs + o % block_outputs] = layer.weights[o * n_in_ + i];
  }
}

Matrix Linear::apply(const Matrix& x) const {
  const std::size_t n_rows = x.shape(0);
  Matrix out({n_rows, n_out_});
  for (std::size_t first = 0; first < n_out_; first += block_outputs) {
    const std::size_t count = std::min(block_outputs, n_out_ - first);
    for (std::size_t row = 0; row < n_rows; ++row) {
      float sums[block_outputs];
      multiply_block(x.data() + row * n_in_, weights_.data() + first * n_in_, bias_.data() + first,
                     n_in_, sums);
      std::memcpy(out.data() + row * n_out_ + first, sums, count * sizeof(float));
    }
  }
  return out;
}

void relu(Matrix* x) { *x = xt::maximum(*x, 0.0f); }

void softmax(Matrix* x) {
  for (std::size_t row = 0; row < x->shape(0); ++row) {
    auto gate = xt::view(*x, row, xt::all());
    const float top = xt::amax(gate)();
    gate = xt::exp(gate - top);
    const float total = xt::sum(gate)();
    gate /= total;
  }
}

Matrix beside(const Matrix& a, const Matrix& b) {
  if (b.shape(1) == 0) return a;
  Matrix out({a.shape(0), a.shape(1) + b.shape(1)});
  xt::view(out, xt::all(), xt::range(0, a.shape(1))) = a;
  xt::view(out, xt::all(), xt::range(a.shape(1), out.shape(1))) = b;
  return out;
}

}  // namespace guardrank::pack
