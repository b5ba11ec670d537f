// Each kernel's loops alone, at the ends of their ranges; expected values by hand.
#include "core/model/kernels/kernel.h"

#include <doctest/doctest.h>

#include <cfloat>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "core/model/known_answer.h"
#include "tests/core/model/built_kernels.h"

using namespace guardrank;
using guardrank::testing::built_kernels;

namespace {

using Sums = std::vector<std::int32_t>;
using Codes = std::vector<std::uint8_t>;

// 16 outputs, the last values repeated.
Codes requantise(const Kernel& kernel, Sums totals, std::vector<float> multiplier) {
  totals.resize(16, totals.back());
  multiplier.resize(16, multiplier.back());
  Codes codes(16);
  const PackedWeights weights{nullptr, 16, 0};
  LayerTask task;
  task.n_rows = 1;
  task.weights = &weights;
  task.initial = totals.data();
  task.multiplier = multiplier.data();
  task.requantised = {codes.data(), 16};
  kernel.run_layer(&task);
  return codes;
}

Codes first(Codes codes, std::size_t n) { return {codes.begin(), codes.begin() + n}; }

std::uint8_t mixed(const Kernel& kernel, const std::vector<float>& c, const Codes& q) {
  std::vector<Codes> codes;
  std::vector<Rows<const std::uint8_t>> experts;
  for (const std::uint8_t code : q) codes.emplace_back(16, code);
  for (const Codes& expert : codes) experts.push_back({expert.data(), 16});
  Codes out(16);
  MixTask task;
  task.experts = experts.data();
  task.n_experts = static_cast<std::uint32_t>(q.size());
  const Rows<const float> coefficients = {c.data(), 1};
  const Rows<std::uint8_t> codes_out = {out.data(), 16};
  task.coefficients = &coefficients;
  task.codes = &codes_out;
  task.n_gates = 1;
  task.n_rows = 1;
  task.n = 16;
  kernel.mix(&task);
  for (const std::uint8_t code : out) CHECK(code == out[0]);
  return out[0];
}

}  // namespace

namespace {

// Totals of a layer that does not round.
Sums multiply(const Kernel& kernel, const Codes& codes, std::uint32_t n_rows,
              const PackedWeights& weights, const Sums& initial) {
  Sums totals(std::size_t{n_rows} * weights.n_out);
  LayerTask task;
  task.codes = {codes.data(), weights.n_in};
  task.n_rows = n_rows;
  task.weights = &weights;
  task.initial = initial.data();
  task.totals = {totals.data(), weights.n_out};
  kernel.run_layer(&task);
  return totals;
}

// base + sums, rounded.
Sums round_sums(const Kernel& kernel, const Sums& sums, std::uint8_t shift, const Sums& base) {
  Sums totals = base;
  const PackedWeights weights{nullptr, 16, 0};
  LayerTask task;
  task.n_rows = 1;
  task.weights = &weights;
  task.initial = sums.data();
  task.rounds = true;
  task.shift = shift;
  task.base = {totals.data(), 16};
  task.totals = {totals.data(), 16};
  kernel.run_layer(&task);
  return totals;
}

}  // namespace

TEST_CASE("the known answers are every kernel's, and not those of one that is wrong in one place") {
  for (const Kernel* kernel : built_kernels()) {
    CAPTURE(kernel->name);
    CHECK(answers_rightly(*kernel));
  }
  Kernel wrong = portable_kernel;
  wrong.run_layer = [](const LayerTask* task) {
    portable_kernel.run_layer(task);
    ++task->totals.first[3];
  };
  CHECK_FALSE(answers_rightly(wrong));
  wrong = portable_kernel;
  wrong.mix = [](const MixTask* task) {               // as if its bytes were spread wrongly
    portable_kernel.mix(task);
    std::swap(task->codes->first[4], task->codes->first[5]);
  };
  CHECK_FALSE(answers_rightly(wrong));
}

TEST_CASE("multiply: the largest sums do not saturate, and start where they are told") {
  constexpr std::uint32_t n_in = 16384;
  for (const Kernel* kernel : built_kernels()) {
    CAPTURE(kernel->name);
    for (const int weight : {-128, 127}) {
      const std::vector<std::int8_t> bytes(16 * n_in, static_cast<std::int8_t>(weight));
      const Sums totals = multiply(*kernel, Codes(5 * n_in, 127), 5, {bytes.data(), 16, n_in},
                                   Sums(16, 1000));
      CHECK(totals == Sums(5 * 16, 1000 + weight * 127 * 16384));
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
  for (const Kernel* kernel : built_kernels()) {
    CAPTURE(kernel->name);
    CHECK(multiply(*kernel, {1, 2, 3, 4, 5, 6, 7, 8}, 2, {bytes.data(), 16, 4}, initial) ==
          expected);
  }
}

TEST_CASE("multiply: any number of rows and blocks, whatever tile they fall into") {
  // Weight [o][i] = o % 7 - 3, code [r][i] = r + 1: every sum is 8 (o % 7 - 3) (r + 1).
  for (const std::uint32_t n_blocks : {1u, 2u, 3u, 4u, 5u, 7u, 9u}) {
    const std::uint32_t n_out = 16 * n_blocks;
    std::vector<std::int8_t> bytes(std::size_t{n_out} * 8);
    for (std::size_t at = 0; at < bytes.size(); ++at) {
      const std::size_t o = at / 128 * 16 + at % 64 / 4;
      bytes[at] = static_cast<std::int8_t>(static_cast<int>(o % 7) - 3);
    }
    for (std::uint32_t n_rows = 0; n_rows <= 27; ++n_rows) {
      Codes codes;
      Sums expected;
      for (std::uint32_t r = 0; r < n_rows; ++r) {
        codes.insert(codes.end(), 8, static_cast<std::uint8_t>(r + 1));
        for (int o = 0; o < static_cast<int>(n_out); ++o) {
          expected.push_back(8 * (o % 7 - 3) * (static_cast<int>(r) + 1));
        }
      }
      for (const Kernel* kernel : built_kernels()) {
        CAPTURE(kernel->name);
        CHECK(multiply(*kernel, codes, n_rows, {bytes.data(), n_out, 8}, Sums(n_out, 0)) ==
              expected);
      }
    }
  }
}

TEST_CASE("rounding a block: arithmetic shift, saturation, wrapping total") {
  const Sums sums = {INT32_MIN, INT32_MAX, -1, 1, 65535, 65536, -65536, -65537,
                     0,         8,         -8, 9, -9,    7,     -7,     100};
  const Sums by_1 = {-32768, 32767, -1, 0, 32767, 32767, -32768, -32768,
                     0,      4,     -4, 4, -5,    3,     -4,     50};
  const Sums base = {0, 0, 0, 0, 0, 0, 0, 0, INT32_MAX, INT32_MAX, INT32_MIN, 5, 5, 5, 5, 5};
  const Sums by_31 = {-1, 0, -1, 0, 0, 0, -1, -1, INT32_MAX, INT32_MAX, INT32_MAX, 5, 4, 5, 4, 5};
  for (const Kernel* kernel : built_kernels()) {
    CAPTURE(kernel->name);
    CHECK(round_sums(*kernel, sums, 1, Sums(16, 0)) == by_1);
    CHECK(round_sums(*kernel, sums, 31, base) == by_31);
  }
}

TEST_CASE("kept sums: the ends of int16 on a base that wraps, as totals and as codes") {
  std::vector<std::int16_t> kept(48, 77);  // the layer's sums start at 16
  Sums base(32, 0), expected(32, 0);
  const int sums[4] = {-32768, 32767, -1, 5};
  const int bases[4] = {INT32_MIN, INT32_MAX, 0, 3};
  const int totals[4] = {INT32_MAX - 32767, INT32_MIN + 32766, -1, 8};
  for (std::size_t o = 0; o < 32; ++o) {
    kept[16 + o] = static_cast<std::int16_t>(sums[o % 4]);
    base[o] = bases[o % 4];
    expected[o] = totals[o % 4];
  }
  const std::vector<float> half(32, 0.5f);
  const std::int16_t* rows[3] = {kept.data(), kept.data(), kept.data()};
  for (const Kernel* kernel : built_kernels()) {
    CAPTURE(kernel->name);
    Sums found(3 * 32);
    Codes codes(3 * 32);
    KeptSumsTask task{rows, 16, 3, 32, base.data(), nullptr, {found.data(), 32}, {codes.data(), 32}};
    kernel->add_kept_sums(&task);
    task.multiplier = half.data();
    kernel->add_kept_sums(&task);
    for (std::size_t i = 0; i < found.size(); ++i) {
      CHECK(found[i] == expected[i % 32]);
      CHECK(codes[i] == (i % 4 == 0 ? 127 : i % 4 == 3 ? 4 : 0));
    }
  }
}

namespace {

// Codes of a rounding layer: by shift and base, or by what stands for them. No sum leaves int16: at most
// 36 * 127 * 128 + 10000 before the shift.
struct FoldedLayer {
  std::uint32_t n_rows, n_out, n_in;
  std::uint8_t shift;
  Codes codes;
  std::vector<std::int8_t> weights;
  Sums initial, base, start;
  std::vector<float> multiplier, scaled;

  FoldedLayer(std::uint32_t rows, std::uint32_t out, std::mt19937_64* random)
      : n_rows(rows), n_out(out), n_in(static_cast<std::uint32_t>(4 + 4 * ((*random)() % 9))),
        shift(static_cast<std::uint8_t>(5 + (*random)() % 4)), codes(std::size_t{rows} * n_in),
        weights(std::size_t{out} * n_in) {
    for (std::uint8_t& code : codes) code = static_cast<std::uint8_t>((*random)() % 128);
    for (std::int8_t& weight : weights) weight = static_cast<std::int8_t>((*random)() % 256);
    for (std::uint32_t o = 0; o < out; ++o) {
      initial.push_back(static_cast<std::int32_t>((*random)() % 20001) - 10000);
      base.push_back(static_cast<std::int32_t>((*random)() % 2001) - 1000);
      start.push_back(initial[o] + base[o] * (1 << shift));
      multiplier.push_back(static_cast<float>((*random)() % 10000) * 0x1p-14f * (o % 7 == 0 ? -1 : 1));
      scaled.push_back(std::ldexp(multiplier[o], -shift));
    }
  }

  Codes run(const Kernel& kernel, bool is_folded, bool is_calm) const {
    Codes found(std::size_t{n_rows} * n_out, 99);
    const PackedWeights packed{weights.data(), n_out, n_in};
    LayerTask task;
    task.codes = {codes.data(), n_in};
    task.n_rows = n_rows;
    task.weights = &packed;
    task.initial = initial.data();
    task.rounds = !is_calm;
    task.shift = shift;
    task.base = {base.data(), 0};
    task.multiplier = multiplier.data();
    task.is_calm = is_folded || is_calm;
    if (is_folded) task.start = start.data(), task.scaled_multiplier = scaled.data();
    task.requantised = {found.data(), n_out};
    kernel.run_layer(&task);
    return found;
  }
};

}  // namespace

TEST_CASE("codes of calm layers and from a folded start are those of the definition") {
  std::mt19937_64 random(19);
  for (std::uint32_t n_out = 16; n_out <= 176; n_out += 16) {
    for (std::uint32_t n_rows = 1; n_rows <= 27; n_rows += n_rows < 14 ? 1 : 13) {
      const FoldedLayer layer(n_rows, n_out, &random);
      const Codes rounded = layer.run(portable_kernel, false, false);
      const Codes plain = layer.run(portable_kernel, false, true);
      for (const Kernel* kernel : built_kernels()) {
        CAPTURE(kernel->name);
        CHECK((layer.run(*kernel, false, false) == rounded));
        CHECK((layer.run(*kernel, true, false) == rounded));
        CHECK((layer.run(*kernel, false, true) == plain));
      }
    }
  }
}

TEST_CASE("columns quantised together are those of each alone; absent ones are 0") {
  std::mt19937_64 random(23);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const Kernel* kernel : built_kernels()) {
    if (kernel->quantise_columns == nullptr) continue;
    CAPTURE(kernel->name);
    for (const std::uint32_t n_rows : {1u, 7u, 8u, 15u, 16u, 17u, 40u}) {
      constexpr std::size_t stride = 64;
      std::vector<float> values(columns_at_once * n_rows);
      for (float& value : values) value = static_cast<float>(random() % 4000) * 0.01f - 20.0f;
      values[random() % values.size()] = nan;
      values[random() % values.size()] = FLT_MAX;
      Codes expected(n_rows * stride, 77), found = expected;
      QuantiseColumnsTask together;
      together.n_rows = n_rows;
      together.codes = found.data();
      together.stride = stride;
      for (std::uint32_t c = 0; c < columns_at_once; ++c) {
        const bool is_absent = c % 5 == 3;
        const auto zero_point = static_cast<std::uint8_t>(c * 8);
        const float* from = values.data() + c * n_rows;
        if (!is_absent) together.columns[c] = {from, 0.05f + 0.01f * static_cast<float>(c), zero_point};
        const QuantiseTask alone{from, n_rows, together.columns[c].scale, zero_point,
                                 expected.data() + c, stride};
        portable_kernel.quantise(&alone);
        for (std::uint32_t row = 0; is_absent && row < n_rows; ++row) expected[row * stride + c] = 0;
      }
      kernel->quantise_columns(&together);
      CHECK((found == expected));
    }
  }
}

TEST_CASE("requantise: half to even, clamped at 0 and 127") {
  for (const Kernel* kernel : built_kernels()) {
    CAPTURE(kernel->name);
    const Sums totals = {1, 3, 5, 7, 253, 254, 255, 256, -1, -3, 0, 252, 251, 2, 4, 1000000};
    CHECK(requantise(*kernel, totals, {0.5f}) ==
          Codes{0, 2, 2, 4, 126, 127, 127, 127, 0, 0, 0, 126, 126, 1, 2, 127});
  }
}

TEST_CASE("requantise: ends of int32 and of float") {
  const float tiny = std::numeric_limits<float>::denorm_min();
  for (const Kernel* kernel : built_kernels()) {
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
  for (const Kernel* kernel : built_kernels()) {
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

TEST_CASE("mix: every width, row and number of gates as the portable kernel has it") {
  std::mt19937_64 random(11);
  constexpr std::uint32_t n_rows = 19, stride = 32, most_gates = 7;
  for (const std::uint32_t n : {16u, 32u, 48u, 64u, 80u, 144u}) {
    for (const std::uint32_t n_experts : {1u, 2u, 3u, 8u, 13u}) {
      std::vector<float> c(most_gates * stride * n_experts);
      for (float& value : c) value = static_cast<float>(random() >> 40) * 0x1p-23f - 0.5f;
      Codes q(std::size_t{n} * n_rows * n_experts);
      for (std::uint8_t& code : q) code = static_cast<std::uint8_t>(random() % 128);
      std::vector<Rows<const std::uint8_t>> experts;
      for (std::uint32_t e = 0; e < n_experts; ++e) experts.push_back({&q[e * n * n_rows], n});
      for (std::uint32_t n_gates = 1; n_gates <= most_gates; ++n_gates) {
        const auto mixed_by = [&](const Kernel& kernel) {
          Codes codes(std::size_t{n} * n_rows * n_gates);
          std::vector<Rows<const float>> coefficients;
          std::vector<Rows<std::uint8_t>> rows;
          for (std::uint32_t g = 0; g < n_gates; ++g) {
            coefficients.push_back({&c[g * stride * n_experts], stride});
            rows.push_back({&codes[g * n * n_rows], n});
          }
          const MixTask task{experts.data(), n_experts, coefficients.data(), rows.data(),
                             n_gates,        n_rows,    n};
          kernel.mix(&task);
          return codes;
        };
        const Codes wanted = mixed_by(portable_kernel);
        for (const Kernel* kernel : built_kernels()) {
          CAPTURE(kernel->name);
          CHECK((mixed_by(*kernel) == wanted));
        }
      }
    }
  }
}

TEST_CASE("quantise: half to even around the zero point, clamped, NaN is the least") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  const std::vector<float> values = {0.0f,  0.25f, 0.75f, -0.25f,   -0.75f,    32.0f, 31.6f,
                                     -4.9f, -5.0f, -5.1f, infinity, -infinity, nan,   FLT_MAX,
                                     -0.0f, 1.25f, 1.75f, FLT_MIN};
  // By half, around 10: value / 0.5 + 10, ties to even.
  const Codes wanted = {10, 10, 12, 10, 8, 74, 73, 0, 0, 0, 127, 0, 0, 127, 10, 12, 14, 10};
  for (const Kernel* kernel : built_kernels()) {
    CAPTURE(kernel->name);
    for (const std::size_t stride : {1u, 3u}) {
      for (std::uint32_t n = 0; n <= values.size(); ++n) {
        Codes codes(values.size() * stride, 200), expected = codes;
        for (std::uint32_t i = 0; i < n; ++i) expected[i * stride] = wanted[i];
        const QuantiseTask task{values.data(), n, 0.5f, 10, codes.data(), stride};
        kernel->quantise(&task);
        CHECK(codes == expected);
      }
    }
  }
}
