// Plain C++: the definition that every other kernel is held against.
#include "core/model/kernels/kernel.h"

namespace guardrank {
namespace {

// For 0 <= value <= 127 the sum has the spacing 1, so the addition itself rounds half to even and
// leaves the whole number in the low bits.
constexpr float rounding_magic = 8388608.0f;  // 2^23

std::uint8_t code_of(float value) {
  value = value > 0.0f ? value : 0.0f;  // also for NaN
  value = value < 127.0f ? value : 127.0f;
  const std::uint32_t bits = __builtin_bit_cast(std::uint32_t, value + rounding_magic);
  return static_cast<std::uint8_t>(bits & 127u);
}

std::int32_t wrapping_add(std::int32_t a, std::int32_t b) {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(a) + static_cast<std::uint32_t>(b));
}

void multiply_block(const std::uint8_t* codes, const std::int8_t* weights, std::uint32_t n_in,
                    const std::int32_t* initial, std::int32_t* sums) {
  std::int32_t products[outputs_per_block] = {};
  for (std::uint32_t i = 0; i < n_in; i += inputs_per_group) {
    const int q0 = codes[i], q1 = codes[i + 1], q2 = codes[i + 2], q3 = codes[i + 3];
    const std::int8_t* group = weights + i * outputs_per_block;
    for (std::uint32_t o = 0; o < outputs_per_block; ++o) {
      const std::int8_t* w = group + o * inputs_per_group;
      products[o] += q0 * w[0] + q1 * w[1] + q2 * w[2] + q3 * w[3];
    }
  }
  for (std::uint32_t o = 0; o < outputs_per_block; ++o) {
    sums[o] = wrapping_add(initial[o], products[o]);
  }
}

void multiply(Rows<const std::uint8_t> codes, std::uint32_t n_rows, const PackedWeights* weights,
              const std::int32_t* initial, Rows<std::int32_t> sums) {
  for (std::uint32_t o = 0; o < weights->n_out; o += outputs_per_block) {
    const std::int8_t* block = weights->bytes + std::size_t{o} * weights->n_in;
    for (std::uint32_t row = 0; row < n_rows; ++row) {
      multiply_block(codes.first + row * codes.stride, block, weights->n_in, initial + o,
                     sums.first + row * sums.stride + o);
    }
  }
}

void round_block(Rows<const std::int32_t> sums, std::uint8_t shift, Rows<const std::int32_t> base,
                 std::uint32_t n_rows, std::uint32_t n, Rows<std::int32_t> totals) {
  for (std::uint32_t row = 0; row < n_rows; ++row) {
    const std::int32_t* sum = sums.first + row * sums.stride;
    const std::int32_t* start = base.first + row * base.stride;
    std::int32_t* total = totals.first + row * totals.stride;
    for (std::uint32_t i = 0; i < n; ++i) {
      std::int32_t shifted = sum[i] >> shift;
      shifted = shifted < -32768 ? -32768 : shifted > 32767 ? 32767 : shifted;
      total[i] = wrapping_add(start[i], shifted);
    }
  }
}

void requantise(Rows<const std::int32_t> totals, const float* multiplier, std::uint32_t n_rows,
                std::uint32_t n, Rows<std::uint8_t> codes) {
  for (std::uint32_t row = 0; row < n_rows; ++row) {
    const std::int32_t* total = totals.first + row * totals.stride;
    std::uint8_t* code = codes.first + row * codes.stride;
    for (std::uint32_t i = 0; i < n; ++i) {
      code[i] = code_of(static_cast<float>(total[i]) * multiplier[i]);
    }
  }
}

void mix(const Rows<const std::uint8_t>* experts, std::uint32_t n_experts,
         Rows<const float> coefficients, std::uint32_t n_rows, std::uint32_t n,
         Rows<std::uint8_t> codes) {
  for (std::uint32_t row = 0; row < n_rows; ++row) {
    const float* c = coefficients.first + row * coefficients.stride;
    std::uint8_t* code = codes.first + row * codes.stride;
    for (std::uint32_t i = 0; i < n; ++i) {
      float value = c[0] * static_cast<float>(experts[0].first[row * experts[0].stride + i]);
      for (std::uint32_t e = 1; e < n_experts; ++e) {
        value += c[e] * static_cast<float>(experts[e].first[row * experts[e].stride + i]);
      }
      code[i] = code_of(value);
    }
  }
}

}  // namespace

const Kernel portable_kernel = {"portable", multiply, round_block, requantise, mix};

}  // namespace guardrank
