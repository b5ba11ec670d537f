// A linear layer in float, as PyTorch computes it: single precision, y = x W' + b.
#pragma once

#include <xtensor/xtensor.hpp>

#include "models/pack/weights/trained_model.h"

namespace guardrank::pack {

using Matrix = xt::xtensor<float, 2>;    // row-major, [rows][columns]

// Weights laid out in blocks of outputs, so that the inner loop runs over registers.
class Linear {
 public:
  static constexpr std::size_t block_outputs = 16;

  explicit Linear(const FloatLayer& layer);
  std::size_t n_out() const { return n_out_; }
  // `x` has n_in columns.
  Matrix apply(const Matrix& x) const;

 private:
  std::size_t n_out_, n_in_;
  std::vector<float> weights_;           // [block][n_in][block_outputs]
  std::vector<float> bias_;              // padded to whole blocks
};

// max(x, 0), in place.
void relu(Matrix* x);
// Rows that sum to 1, in place.
void softmax(Matrix* x);
// Columns of b after those of a.
Matrix beside(const Matrix& a, const Matrix& b);

}  // namespace guardrank::pack
