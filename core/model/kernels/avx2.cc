// AVX2: vpmaddubsw on u7 codes and s8 weights (a pair cannot saturate), widened by vpmaddwd.
#include <immintrin.h>

#include "core/model/kernels/kernel.h"

namespace guardrank {
namespace {

// Sums of one row for the 16 outputs of a block.
struct Sums {
  __m256i low, high;
};

__attribute__((always_inline)) inline __m256i load(const void* bytes) {
  return _mm256_loadu_si256(static_cast<const __m256i*>(bytes));
}

__attribute__((always_inline)) inline void store(void* bytes, __m256i value) {
  _mm256_storeu_si256(static_cast<__m256i*>(bytes), value);
}

__attribute__((always_inline)) inline Sums start(const std::int32_t* initial) {
  return {load(initial), load(initial + 8)};
}

// Adds four inputs' products: `low` and `high` are the weights of outputs 0 to 7 and 8 to 15.
__attribute__((always_inline)) inline Sums add_group(Sums sums, const std::uint8_t* codes,
                                                     __m256i low, __m256i high) {
  std::int32_t four;
  __builtin_memcpy(&four, codes, sizeof four);
  const __m256i inputs = _mm256_set1_epi32(four);
  const __m256i ones = _mm256_set1_epi16(1);
  sums.low = _mm256_add_epi32(sums.low, _mm256_madd_epi16(_mm256_maddubs_epi16(inputs, low), ones));
  sums.high =
      _mm256_add_epi32(sums.high, _mm256_madd_epi16(_mm256_maddubs_epi16(inputs, high), ones));
  return sums;
}

__attribute__((always_inline)) inline void finish(Sums sums, std::int32_t* out) {
  store(out, sums.low);
  store(out + 8, sums.high);
}

void multiply_one_row(const std::uint8_t* codes, const std::int8_t* weights, std::uint32_t n_in,
                      const std::int32_t* initial, std::int32_t* out) {
  Sums sums = start(initial);
  for (std::uint32_t i = 0; i < n_in; i += inputs_per_group, weights += 64) {
    sums = add_group(sums, codes + i, load(weights), load(weights + 32));
  }
  finish(sums, out);
}

// Four rows share each load of weights; eight sums and the temporaries fit the 16 registers.
void multiply_four_rows(const std::uint8_t* codes, std::size_t stride, const std::int8_t* weights,
                        std::uint32_t n_in, const std::int32_t* initial, std::int32_t* out,
                        std::size_t out_stride) {
  Sums sums0 = start(initial), sums1 = sums0, sums2 = sums0, sums3 = sums0;
  for (std::uint32_t i = 0; i < n_in; i += inputs_per_group, weights += 64) {
    const __m256i low = load(weights), high = load(weights + 32);
    const std::uint8_t* inputs = codes + i;
    sums0 = add_group(sums0, inputs, low, high);
    sums1 = add_group(sums1, inputs + stride, low, high);
    sums2 = add_group(sums2, inputs + 2 * stride, low, high);
    sums3 = add_group(sums3, inputs + 3 * stride, low, high);
  }
  finish(sums0, out);
  finish(sums1, out + out_stride);
  finish(sums2, out + 2 * out_stride);
  finish(sums3, out + 3 * out_stride);
}

void multiply(Rows<const std::uint8_t> codes, std::uint32_t n_rows, const PackedWeights* weights,
              const std::int32_t* initial, Rows<std::int32_t> sums) {
  const std::uint32_t n_in = weights->n_in;
  for (std::uint32_t o = 0; o < weights->n_out; o += outputs_per_block) {
    const std::int8_t* block = weights->bytes + std::size_t{o} * n_in;
    std::uint32_t row = 0;
    for (; row + 4 <= n_rows; row += 4) {
      multiply_four_rows(codes.first + row * codes.stride, codes.stride, block, n_in, initial + o,
                         sums.first + row * sums.stride + o, sums.stride);
    }
    for (; row < n_rows; ++row) {
      multiply_one_row(codes.first + row * codes.stride, block, n_in, initial + o,
                       sums.first + row * sums.stride + o);
    }
  }
}

void round_block(Rows<const std::int32_t> sums, std::uint8_t shift, Rows<const std::int32_t> base,
                 std::uint32_t n_rows, std::uint32_t n, Rows<std::int32_t> totals) {
  const __m128i count = _mm_cvtsi32_si128(shift);
  const __m256i least = _mm256_set1_epi32(-32768), most = _mm256_set1_epi32(32767);
  for (std::uint32_t row = 0; row < n_rows; ++row) {
    const std::int32_t* sum = sums.first + row * sums.stride;
    const std::int32_t* from = base.first + row * base.stride;
    std::int32_t* total = totals.first + row * totals.stride;
    for (std::uint32_t i = 0; i < n; i += 8) {
      const __m256i shifted = _mm256_sra_epi32(load(sum + i), count);
      const __m256i rounded = _mm256_min_epi32(_mm256_max_epi32(shifted, least), most);
      store(total + i, _mm256_add_epi32(load(from + i), rounded));
    }
  }
}

// Whole numbers 0 to 127 in int32 lanes. max and min return their second operand for a NaN in the
// first, so NaN becomes 0; conversion rounds half to even.
__attribute__((always_inline)) inline __m256i clamp_round(__m256 value) {
  value = _mm256_max_ps(value, _mm256_setzero_ps());
  value = _mm256_min_ps(value, _mm256_set1_ps(127.0f));
  return _mm256_cvtps_epi32(value);
}

__attribute__((always_inline)) inline void store_codes(std::uint8_t* codes, __m256i first,
                                                       __m256i second) {
  // Packing works within 128-bit halves: 0-3 8-11 | 4-7 12-15 is put in order by the permute.
  const __m256i words = _mm256_permute4x64_epi64(_mm256_packs_epi32(first, second), 0xD8);
  const __m128i bytes =
      _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(codes), bytes);
}

void requantise(Rows<const std::int32_t> totals, const float* multiplier, std::uint32_t n_rows,
                std::uint32_t n, Rows<std::uint8_t> codes) {
  for (std::uint32_t row = 0; row < n_rows; ++row) {
    const std::int32_t* total = totals.first + row * totals.stride;
    std::uint8_t* code = codes.first + row * codes.stride;
    for (std::uint32_t i = 0; i < n; i += 16) {
      const __m256 first = _mm256_cvtepi32_ps(load(total + i));
      const __m256 second = _mm256_cvtepi32_ps(load(total + i + 8));
      store_codes(code + i, clamp_round(_mm256_mul_ps(first, _mm256_loadu_ps(multiplier + i))),
                  clamp_round(_mm256_mul_ps(second, _mm256_loadu_ps(multiplier + i + 8))));
    }
  }
}

// c * float(code) for eight codes.
__attribute__((always_inline)) inline __m256 scaled(const std::uint8_t* codes, __m256 c) {
  const __m128i eight = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(codes));
  return _mm256_mul_ps(c, _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(eight)));
}

void mix(const Rows<const std::uint8_t>* experts, std::uint32_t n_experts,
         Rows<const float> coefficients, std::uint32_t n_rows, std::uint32_t n,
         Rows<std::uint8_t> codes) {
  for (std::uint32_t row = 0; row < n_rows; ++row) {
    const float* c = coefficients.first + row * coefficients.stride;
    for (std::uint32_t i = 0; i < n; i += 16) {
      const std::uint8_t* code = experts[0].first + row * experts[0].stride + i;
      __m256 weight = _mm256_set1_ps(c[0]);
      __m256 low = scaled(code, weight), high = scaled(code + 8, weight);
      for (std::uint32_t e = 1; e < n_experts; ++e) {
        code = experts[e].first + row * experts[e].stride + i;
        weight = _mm256_set1_ps(c[e]);
        low = _mm256_add_ps(low, scaled(code, weight));
        high = _mm256_add_ps(high, scaled(code + 8, weight));
      }
      store_codes(codes.first + row * codes.stride + i, clamp_round(low), clamp_round(high));
    }
  }
}

}  // namespace

const Kernel avx2_kernel = {"avx2", multiply, round_block, requantise, mix};

}  // namespace guardrank
