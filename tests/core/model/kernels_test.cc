// Each kernel's loops alone, at the ends of their ranges; expected values by hand.
#include "core/model/kernels/kernel.h"

#include <doctest/doctest.h>

#include <cfloat>
#include <limits>
#include <vector>

#include "core/model/network.h"

using namespace guardrank;

namespace {

using Sums = std::vector<std::int32_t>;
using Codes = std::vector<std::uint8_t>;

std::vector<const Kernel*> kernels() {
  std::vector<const Kernel*> result;
  for (const KernelChoice choice :
       {KernelChoice::portable, KernelChoice::avx2, KernelChoice::wasm_simd128}) {
    Error error;
    const Kernel* kernel = nullptr;
    if (choose_kernel(choice, &kernel, &error) == Status::ok) result.push_back(kernel);
  }
  return result;
}

// 16 outputs, the last values repeated.
Codes requantise(const Kernel& kernel, Sums totals, std::vector<float> multiplier) {
  totals.resize(16, totals.back());
  multiplier.resize(16, multiplier.back());
  Codes codes(16);
  kernel.requantise({totals.data(), 16}, multiplier.data(), 1, 16, {codes.data(), 16});
  return codes;
}

Codes first(Codes codes, std::size_t n) { return {codes.begin(), codes.begin() + n}; }

std::uint8_t mixed(const Kernel& kernel, const std::vector<float>& c, const Codes& q) {
  std::vector<Codes> codes;
  std::vector<Rows<const std::uint8_t>> experts;
  for (const std::uint8_t code : q) codes.emplace_back(16, code);
  for (const Codes& expert : codes) experts.push_back({expert.data(), 16});
  Codes out(16);
  kernel.mix(experts.data(), static_cast<std::uint32_t>(q.size()), {c.data(), c.size()}, 1, 16,
             {out.data(), 16});
  for (const std::uint8_t code : out) CHECK(code == out[0]);
  return out[0];
}

}  // namespace

TEST_CASE("multiply: the largest sums do not saturate, and start where they are told") {
  constexpr std::uint32_t n_in = 16384;
  for (const Kernel* kernel : kernels()) {
    CAPTURE(kernel->name);
    for (const int weight : {-128, 127}) {
      const std::vector<std::int8_t> bytes(16 * n_in, static_cast<std::int8_t>(weight));
      const PackedWeights weights{bytes.data(), 16, n_in};
      const Codes codes(5 * n_in, 127);
      const Sums initial(16, 1000);
      Sums sums(5 * 16);
      kernel->multiply({codes.data(), n_in}, 5, &weights, initial.data(), {sums.data(), 16});
      CHECK(sums == Sums(5 * 16, 1000 + weight * 127 * 16384));
    }
  }
}

TEST_CASE("multiply: each weight at its place, and sums wrap") {
  // Weight [o][i] = o - 8 for i = o % 4, else 0; codes 1, 2, 3, 4 and 5, 6, 7, 8.
  std::vector<std::int8_t> bytes(64, 0);
  Sums initial(16, 0), expected(32);
  for (int o = 0; o < 16; ++o) {
    bytes[static_cast<std::size_t>(o * 4 + o % 4)] = static_cast<std::int8_t>(o - 8);
    expected[static_cast<std::size_t>(o)] = (o - 8) * (o % 4 + 1);
    expected[static_cast<std::size_t>(16 + o)] = (o - 8) * (o % 4 + 5);
  }
  initial[15] = INT32_MAX - 27;  // + 7 * 4 = INT32_MAX + 1
  expected[15] = INT32_MIN;
  expected[31] = INT32_MIN + 28;
  const Codes codes = {1, 2, 3, 4, 5, 6, 7, 8};
  const PackedWeights weights{bytes.data(), 16, 4};
  for (const Kernel* kernel : kernels()) {
    CAPTURE(kernel->name);
    Sums sums(32);
    kernel->multiply({codes.data(), 4}, 2, &weights, initial.data(), {sums.data(), 16});
    CHECK(sums == expected);
  }
}

TEST_CASE("round_block: arithmetic shift, saturation, wrapping total") {
  const Sums sums = {INT32_MIN, INT32_MAX, -1, 1, 65535, 65536, -65536, -65537,
                     0,         8,         -8, 9, -9,    7,     -7,     100};
  const Sums base = {0, 0, 0, 0, 0, 0, 0, 0, INT32_MAX, INT32_MAX, INT32_MIN, 5, 5, 5, 5, 5};
  const Sums by_1 = {-32768, 32767, -1, 0, 32767, 32767, -32768, -32768,
                     INT32_MAX, INT32_MIN + 3, INT32_MAX - 3, 9, 0, 8, 1, 55};
  const Sums by_31 = {-1, 0, -1, 0, 0, 0, -1, -1, INT32_MAX, INT32_MAX, INT32_MAX, 5, 4, 5, 4, 5};
  for (const Kernel* kernel : kernels()) {
    CAPTURE(kernel->name);
    Sums totals(16);
    kernel->round_block({sums.data(), 16}, 1, {base.data(), 0}, 1, 16, {totals.data(), 16});
    CHECK(totals == by_1);
    totals = base;
    kernel->round_block({sums.data(), 16}, 31, {totals.data(), 16}, 1, 16, {totals.data(), 16});
    CHECK(totals == by_31);
  }
}

TEST_CASE("requantise: half to even, clamped at 0 and 127") {
  for (const Kernel* kernel : kernels()) {
    CAPTURE(kernel->name);
    const Sums totals = {1, 3, 5, 7, 253, 254, 255, 256, -1, -3, 0, 252, 251, 2, 4, 1000000};
    CHECK(requantise(*kernel, totals, {0.5f}) ==
          Codes{0, 2, 2, 4, 126, 127, 127, 127, 0, 0, 0, 126, 126, 1, 2, 127});
  }
}

TEST_CASE("requantise: ends of int32 and of float") {
  const float tiny = std::numeric_limits<float>::denorm_min();
  for (const Kernel* kernel : kernels()) {
    CAPTURE(kernel->name);
    CHECK(first(requantise(*kernel, {INT32_MAX, INT32_MIN, INT32_MAX, INT32_MIN, INT32_MAX, 0},
                           {FLT_MAX, FLT_MAX, -FLT_MAX, -FLT_MAX, tiny, FLT_MAX}),
                6) == Codes{127, 0, 0, 127, 0, 0});
    // 2^24 + 1 and 2^24 + 3 become 2^24 and 2^24 + 4 as floats; times 2^-20 and 2^-18.
    CHECK(first(requantise(*kernel, {16777217, 16777219, INT32_MIN, INT32_MAX},
                           {0x1p-20f, 0x1p-18f, -0x1p-25f, 0x1p-25f}),
                4) == Codes{16, 64, 64, 64});
  }
}

TEST_CASE("mix: added in order, half to even, NaN is 0") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const Kernel* kernel : kernels()) {
    CAPTURE(kernel->name);
    CHECK(mixed(*kernel, {0.5f}, {5}) == 2);
    CHECK(mixed(*kernel, {0.5f, 0.25f}, {5, 4}) == 4);    // 3.5
    CHECK(mixed(*kernel, {1.0f, -1.0f}, {5, 9}) == 0);
    CHECK(mixed(*kernel, {2.0f}, {127}) == 127);
    CHECK(mixed(*kernel, {nan, 1.0f}, {1, 50}) == 0);
    // (2^25 + 1) - 2^25 loses the 1; 1 + (2^25 - 2^25) would keep it.
    CHECK(mixed(*kernel, {0x1p25f, 1.0f, -0x1p25f}, {1, 1, 1}) == 0);
    CHECK(mixed(*kernel, {0x1p25f, -0x1p25f, 1.0f}, {1, 1, 1}) == 1);
  }
}
