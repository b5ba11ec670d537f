// Vectors of eight for the kernels of AVX2 and AVX-VNNI; a kernel adds the products.
#pragma once

#include <immintrin.h>

#include "core/model/kernels/gate_loops.h"
#include "core/model/kernels/input_loops.h"

namespace guardrank {
namespace {

struct Avx2Lanes {
  static constexpr int lanes = 8, most_blocks = 1, blocks_of_mix = 1, most_gates = 3;
  static constexpr bool stores_four_blocks = false, takes_calm = true, endings_apart = true,
                        transposes = true, fetches_ahead = true, is_small = false;
  static constexpr int rows_by_1 = 4;
  using Ints = __m256i;
  using Floats = __m256;
  using Codes = __m256i;     // the four codes of a group in each lane
  using Weights = __m256i;   // the group's weights of eight outputs
  using Count = __m128i;

  static GUARDRANK_INLINE Ints load(const void* from) {
    return _mm256_loadu_si256(static_cast<const __m256i*>(from));
  }
  static GUARDRANK_INLINE void store(void* to, Ints value) {
    _mm256_storeu_si256(static_cast<__m256i*>(to), value);
  }
  static GUARDRANK_INLINE Floats load_floats(const float* from) { return _mm256_loadu_ps(from); }
  static GUARDRANK_INLINE void store_floats(float* to, Floats value) {
    _mm256_storeu_ps(to, value);
  }
  static GUARDRANK_INLINE Floats splat(float value) { return _mm256_set1_ps(value); }
  static GUARDRANK_INLINE Ints add(Ints a, Ints b) { return _mm256_add_epi32(a, b); }
  static GUARDRANK_INLINE Ints subtract(Ints a, Ints b) { return _mm256_sub_epi32(a, b); }
  static GUARDRANK_INLINE Floats add(Floats a, Floats b) { return _mm256_add_ps(a, b); }
  static GUARDRANK_INLINE Floats subtract(Floats a, Floats b) { return _mm256_sub_ps(a, b); }
  static GUARDRANK_INLINE Floats multiply(Floats a, Floats b) { return _mm256_mul_ps(a, b); }
  static GUARDRANK_INLINE Floats divide(Floats a, Floats b) { return _mm256_div_ps(a, b); }
  // a > b ? a : b and a < b ? a : b, so b where either is not a number.
  static GUARDRANK_INLINE Floats larger(Floats a, Floats b) { return _mm256_max_ps(a, b); }
  static GUARDRANK_INLINE Floats smaller(Floats a, Floats b) { return _mm256_min_ps(a, b); }
  static GUARDRANK_INLINE Floats to_floats(Ints value) { return _mm256_cvtepi32_ps(value); }
  static GUARDRANK_INLINE Ints to_ints(Floats whole) { return _mm256_cvtps_epi32(whole); }
  static GUARDRANK_INLINE Ints halved(Ints value) { return _mm256_srai_epi32(value, 1); }
  static GUARDRANK_INLINE Floats power_of_two(Ints k) {
    return _mm256_castsi256_ps(
        _mm256_slli_epi32(_mm256_add_epi32(k, _mm256_set1_epi32(127)), 23));
  }

  static GUARDRANK_INLINE Ints splat_int(std::int32_t value) { return _mm256_set1_epi32(value); }
  static GUARDRANK_INLINE Ints common_bits(Ints a, Ints b) { return _mm256_and_si256(a, b); }

  static GUARDRANK_INLINE Count count_of(std::uint8_t shift) { return _mm_cvtsi32_si128(shift); }
  static GUARDRANK_INLINE Ints shift(Ints value, Count count) {
    return _mm256_sra_epi32(value, count);
  }
  static GUARDRANK_INLINE Ints clamp_to_int16(Ints value) {
    return _mm256_min_epi32(_mm256_max_epi32(value, _mm256_set1_epi32(-32768)),
                            _mm256_set1_epi32(32767));
  }
  static GUARDRANK_INLINE void load_int16(const std::int16_t* from, Ints* values) {
    for (int v = 0; v < 2; ++v) {
      values[v] = _mm256_cvtepi16_epi32(
          _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + v * 8)));
    }
  }

  // Whole numbers up to 127, rounded half to even; store_codes raises the negative ones to 0. min
  // returns its second operand where one is NaN, and NaN converts to the least integer.
  static GUARDRANK_INLINE Ints codes_of(Floats value) {
    return _mm256_cvtps_epi32(_mm256_min_ps(_mm256_set1_ps(127.0f), value));
  }
  // Packing works within 128-bit halves: 0-3 8-11 | 4-7 12-15 is put in order by the permute.
  static GUARDRANK_INLINE void store_codes(std::uint8_t* to, const Ints* values) {
    const __m256i words =
        _mm256_permute4x64_epi64(_mm256_packs_epi32(values[0], values[1]), 0xD8);
    const __m128i bytes =
        _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), bytes);
  }
  template <int blocks>
  static GUARDRANK_INLINE void store_calm(std::uint8_t* to, const Ints* values) {
    static_assert(blocks == 1);
    const __m256i words =
        _mm256_permute4x64_epi64(_mm256_packs_epi32(values[0], values[1]), 0xD8);
    const __m128i bytes =
        _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm_min_epu8(bytes, _mm_set1_epi8(127)));
  }
  static GUARDRANK_INLINE Floats load_codes(const std::uint8_t* first, int vector) {
    const std::uint8_t* const from = first + vector * lanes;
    return _mm256_cvtepi32_ps(
        _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from))));
  }

  static GUARDRANK_INLINE Ints shifted_by_8(Ints value) { return _mm256_slli_epi32(value, 8); }
  // Sixteen bytes of each lane's row: four by four lanes change places within halves, so that half h
  // of the k-th vector is row 4 h + k.
  static GUARDRANK_INLINE void store_rows(const Ints* packed, std::uint8_t* to,
                                          std::size_t stride) {
    const __m256i a = _mm256_unpacklo_epi32(packed[0], packed[1]);
    const __m256i b = _mm256_unpackhi_epi32(packed[0], packed[1]);
    const __m256i c = _mm256_unpacklo_epi32(packed[2], packed[3]);
    const __m256i d = _mm256_unpackhi_epi32(packed[2], packed[3]);
    const __m256i rows[] = {_mm256_unpacklo_epi64(a, c), _mm256_unpackhi_epi64(a, c),
                            _mm256_unpacklo_epi64(b, d), _mm256_unpackhi_epi64(b, d)};
    GUARDRANK_UNROLL
    for (std::size_t k = 0; k < 4; ++k) {
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to + k * stride),
                       _mm256_castsi256_si128(rows[k]));
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to + (k + 4) * stride),
                       _mm256_extracti128_si256(rows[k], 1));
    }
  }
  // Eight totals of each of eight rows, to a vector per total.
  static GUARDRANK_INLINE void transpose_eight(const std::int32_t* const* rows, Ints* columns) {
    Ints a[8], b[8];
    GUARDRANK_UNROLL
    for (int r = 0; r < 8; r += 2) {
      const Ints even = load(rows[r]), odd = load(rows[r + 1]);
      b[r] = _mm256_unpacklo_epi32(even, odd);
      b[r + 1] = _mm256_unpackhi_epi32(even, odd);
    }
    GUARDRANK_UNROLL
    for (int r = 0; r < 8; r += 4) {
      a[r] = _mm256_unpacklo_epi64(b[r], b[r + 2]);
      a[r + 1] = _mm256_unpackhi_epi64(b[r], b[r + 2]);
      a[r + 2] = _mm256_unpacklo_epi64(b[r + 1], b[r + 3]);
      a[r + 3] = _mm256_unpackhi_epi64(b[r + 1], b[r + 3]);
    }
    GUARDRANK_UNROLL
    for (int c = 0; c < 4; ++c) {
      columns[c] = _mm256_permute2x128_si256(a[c], a[c + 4], 0x20);
      columns[c + 4] = _mm256_permute2x128_si256(a[c], a[c + 4], 0x31);
    }
  }

  // One sum per output.
  using Sums = Ints;
  static GUARDRANK_INLINE Sums start(Ints initial) { return initial; }
  // The empty assembly keeps gcc from splitting each sum into one of the loop's and one kept for after.
  static GUARDRANK_INLINE Ints end(Sums sums) {
    __asm__("" : "+x"(sums));
    return sums;
  }

  static GUARDRANK_INLINE Weights load_weights(const std::int8_t* from) { return load(from); }
  static GUARDRANK_INLINE Codes load_group(const std::uint8_t* codes) {
    std::int32_t four;
    __builtin_memcpy(&four, codes, sizeof four);
    return _mm256_set1_epi32(four);
  }
};

}  // namespace
}  // namespace guardrank
