// Each kernel's softmax of gates alone; the scalar definition's bits, and some by hand.
#include "core/model/kernels/kernel.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "tests/core/model/built_kernels.h"

using namespace guardrank;
using guardrank::testing::built_kernels;

namespace {

using Sums = std::vector<std::int32_t>;

// By expert and row.
std::vector<std::uint32_t> softmax(const Kernel& kernel, const Sums& given, std::uint32_t n_experts,
                                   const std::vector<float>& multiplier) {
  const auto n_rows = static_cast<std::uint32_t>(given.size() / n_experts);
  Sums totals = given;
  totals.resize(given.size() + 8, INT32_MAX);   // a kernel may read behind them
  const std::size_t stride = (n_rows + rows_per_step - 1) / rows_per_step * rows_per_step;
  const std::vector<float> expert_multiplier(n_experts, 1.25f);
  std::vector<float> coefficients(stride * n_experts);
  SoftmaxTask task{{totals.data(), n_experts}, multiplier.data(), expert_multiplier.data(),
                   n_experts, n_rows, {coefficients.data(), stride}};
  kernel.softmax(&task);
  std::vector<std::uint32_t> bits;
  for (std::uint32_t e = 0; e < n_experts; ++e) {
    for (std::uint32_t row = 0; row < n_rows; ++row) {
      const float c = coefficients[e * stride + row];
      // A NaN's sign is the machine's; every one ends in code 0.
      bits.push_back(c != c ? 0xffffffffu : __builtin_bit_cast(std::uint32_t, c));
    }
  }
  return bits;
}

}  // namespace

TEST_CASE("softmax: shares of equal experts, and of one that is far ahead") {
  for (const Kernel* kernel : built_kernels()) {
    CAPTURE(kernel->name);
    const std::uint32_t part = __builtin_bit_cast(std::uint32_t, 0.3125f);  // 1.25 / 4
    CHECK(softmax(*kernel, {7, 7, 7, 7}, 4, {1, 1, 1, 1}) ==
          std::vector<std::uint32_t>(4, part));
    const std::uint32_t all = __builtin_bit_cast(std::uint32_t, 1.25f);
    CHECK(softmax(*kernel, {0, 200}, 2, {1, 1}) == std::vector<std::uint32_t>{0, all});
  }
}

TEST_CASE("softmax: every exponent gives the bits of the scalar exponential") {
  // Differences from 0 down to -128 in steps of 2^-12, which pass every k and its borders.
  Sums totals;
  for (int i = 0; i <= 128 * 4096; ++i) {
    totals.push_back(0);
    totals.push_back(-i);
  }
  const std::vector<std::uint32_t> wanted = softmax(portable_kernel, totals, 2, {0x1p-12f, 0x1p-12f});
  for (const Kernel* kernel : built_kernels()) {
    CAPTURE(kernel->name);
    CHECK((softmax(*kernel, totals, 2, {0x1p-12f, 0x1p-12f}) == wanted));
  }
}

TEST_CASE("softmax: random totals, infinities and numbers that are none") {
  std::mt19937_64 random(7);
  const float infinity = std::numeric_limits<float>::infinity();
  const std::vector<std::vector<float>> multipliers = {
      {1e-3f, 2e-3f, -1e-3f, 1e-8f, 5e-4f},
      {FLT_MAX, 1.0f, -FLT_MAX, 1.0f, 0.0f},
      {FLT_MIN, std::numeric_limits<float>::denorm_min(), -0.0f, 0.0f, FLT_MIN},
      {infinity, 1.0f, -infinity, 1.0f, std::numeric_limits<float>::quiet_NaN()},
      {std::numeric_limits<float>::quiet_NaN(), 1.0f, 1.0f, 1.0f, 1.0f}};
  for (const std::vector<float>& multiplier : multipliers) {
    for (const std::size_t n_rows : {1u, 5u, 16u, 33u, 200u}) {
      Sums totals(n_rows * 5);
      for (std::int32_t& total : totals) {
        const int drop = static_cast<int>(random() % 32);
        total = static_cast<std::int32_t>(static_cast<std::uint32_t>(random())) >> drop;
      }
      const std::vector<std::uint32_t> wanted = softmax(portable_kernel, totals, 5, multiplier);
      for (const Kernel* kernel : built_kernels()) {
        CAPTURE(kernel->name);
        CHECK((softmax(*kernel, totals, 5, multiplier) == wanted));
      }
    }
  }
}

TEST_CASE("softmax: gates as rows, each with its own multipliers") {
  constexpr std::uint32_t n_gates = 6, n_experts = 5;
  std::mt19937_64 random(11);
  std::vector<float> by_row[2] = {std::vector<float>(n_experts * rows_per_step), {}};
  for (float& factor : by_row[0]) factor = std::ldexp(static_cast<float>(random() % 1000), -18);
  by_row[1] = by_row[0];
  std::reverse(by_row[1].begin(), by_row[1].end());
  Sums totals(n_gates * n_experts + 8, INT32_MAX);
  for (std::size_t i = 0; i < n_gates * n_experts; ++i) totals[i] = static_cast<std::int32_t>(random() % 4096) - 2048;
  for (const Kernel* kernel : built_kernels()) {
    CAPTURE(kernel->name);
    for (std::uint32_t n = 1; n <= n_gates; ++n) {
      std::vector<float> together(n_experts * rows_per_step), alone = together;
      const SoftmaxTask gates{{totals.data(), n_experts}, by_row[0].data(), by_row[1].data(),
                              n_experts, n, {together.data(), rows_per_step}, rows_per_step};
      kernel->softmax(&gates);
      for (std::uint32_t g = 0; g < n; ++g) {
        std::vector<float> own[2];
        for (std::uint32_t e = 0; e < n_experts; ++e)
          for (int k : {0, 1}) own[k].push_back(by_row[k][e * rows_per_step + g]);
        const SoftmaxTask task{{totals.data() + g * n_experts, n_experts}, own[0].data(), own[1].data(),
                               n_experts, 1, {alone.data(), rows_per_step}};
        portable_kernel.softmax(&task);
        for (std::uint32_t e = 0; e < n_experts; ++e)
          CHECK(together[e * rows_per_step + g] == alone[e * rows_per_step]);
      }
    }
  }
}
