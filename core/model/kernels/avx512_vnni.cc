// AVX512-VNNI: vpdpbusd adds four products of u8 codes and s8 weights to each of sixteen sums.
#include <immintrin.h>

#include "core/model/kernels/gate_loops.h"
#include "core/model/kernels/input_loops.h"

namespace guardrank {
namespace {

struct Avx512Vnni {
  static constexpr int lanes = 16, most_blocks = 4, blocks_of_mix = 4, most_gates = 6;
  static constexpr bool stores_four_blocks = true, takes_calm = true, endings_apart = true,
                        transposes = true, fetches_ahead = true, is_small = false;
  // 24 sums of 32 registers, or 12 where one block's weights are loaded for them.
  static constexpr int rows_by_4 = 6, rows_by_3 = 8, rows_by_2 = 12, rows_by_1 = 12;
  using Ints = __m512i;
  using Floats = __m512;
  using Codes = __m512i;
  using Weights = __m512i;
  using Count = __m512i;

  static GUARDRANK_INLINE Ints load(const void* from) { return _mm512_loadu_si512(from); }
  static GUARDRANK_INLINE void store(void* to, Ints value) { _mm512_storeu_si512(to, value); }
  static GUARDRANK_INLINE Floats load_floats(const float* from) { return _mm512_loadu_ps(from); }
  static GUARDRANK_INLINE void store_floats(float* to, Floats value) {
    _mm512_storeu_ps(to, value);
  }
  static GUARDRANK_INLINE Floats splat(float value) { return _mm512_set1_ps(value); }
  static GUARDRANK_INLINE Ints add(Ints a, Ints b) { return _mm512_add_epi32(a, b); }
  static GUARDRANK_INLINE Ints subtract(Ints a, Ints b) { return _mm512_sub_epi32(a, b); }
  static GUARDRANK_INLINE Floats add(Floats a, Floats b) { return _mm512_add_ps(a, b); }
  static GUARDRANK_INLINE Floats subtract(Floats a, Floats b) { return _mm512_sub_ps(a, b); }
  static GUARDRANK_INLINE Floats multiply(Floats a, Floats b) { return _mm512_mul_ps(a, b); }
  static GUARDRANK_INLINE Floats divide(Floats a, Floats b) { return _mm512_div_ps(a, b); }
  // a > b ? a : b and a < b ? a : b, so b where either is not a number.
  static GUARDRANK_INLINE Floats larger(Floats a, Floats b) { return _mm512_max_ps(a, b); }
  static GUARDRANK_INLINE Floats smaller(Floats a, Floats b) { return _mm512_min_ps(a, b); }
  static GUARDRANK_INLINE Floats to_floats(Ints value) { return _mm512_cvtepi32_ps(value); }
  static GUARDRANK_INLINE Ints to_ints(Floats whole) { return _mm512_cvtps_epi32(whole); }
  static GUARDRANK_INLINE Ints halved(Ints value) { return _mm512_srai_epi32(value, 1); }
  static GUARDRANK_INLINE Floats power_of_two(Ints k) {
    return _mm512_castsi512_ps(
        _mm512_slli_epi32(_mm512_add_epi32(k, _mm512_set1_epi32(127)), 23));
  }

  static GUARDRANK_INLINE Ints splat_int(std::int32_t value) { return _mm512_set1_epi32(value); }
  static GUARDRANK_INLINE Ints common_bits(Ints a, Ints b) { return _mm512_and_si512(a, b); }

  // One step where a count shared by all lanes takes two.
  static GUARDRANK_INLINE Count count_of(std::uint8_t shift) { return _mm512_set1_epi32(shift); }
  static GUARDRANK_INLINE Ints shift(Ints value, Count count) {
    return _mm512_srav_epi32(value, count);
  }
  static GUARDRANK_INLINE Ints clamp_to_int16(Ints value) {
    return _mm512_min_epi32(_mm512_max_epi32(value, _mm512_set1_epi32(-32768)),
                            _mm512_set1_epi32(32767));
  }
  static GUARDRANK_INLINE void load_int16(const std::int16_t* from, Ints* values) {
    values[0] = _mm512_cvtepi16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
  }

  // Whole numbers up to 127, rounded half to even; storing raises the negative ones to 0. min
  // returns its second operand where one is NaN, and NaN converts to the least integer.
  static GUARDRANK_INLINE Ints codes_of(Floats value) {
    return _mm512_cvtps_epi32(_mm512_min_ps(_mm512_set1_ps(127.0f), value));
  }
  static GUARDRANK_INLINE void store_codes(std::uint8_t* to, const Ints* values) {
    const __m512i codes = _mm512_max_epi32(values[0], _mm512_setzero_si512());
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm512_cvtepi32_epi8(codes));
  }
  // Packing works within 128-bit quarters: quarter q holds the outputs 4 q to 4 q + 3 of each of
  // the four vectors, which the permute puts in order.
  static GUARDRANK_INLINE void store_four_blocks(std::uint8_t* to, const Ints* values) {
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    const __m512i bytes = _mm512_packus_epi16(_mm512_packs_epi32(values[0], values[1]),
                                              _mm512_packs_epi32(values[2], values[3]));
    store(to, _mm512_permutexvar_epi32(order, bytes));
  }
  // The same of numbers that may be over 127.
  template <int blocks>
  static GUARDRANK_INLINE void store_calm(std::uint8_t* to, const Ints* values) {
    if constexpr (blocks == 4) {
      const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
      const __m512i bytes = _mm512_packus_epi16(_mm512_packs_epi32(values[0], values[1]),
                                                _mm512_packs_epi32(values[2], values[3]));
      store(to, _mm512_min_epu8(_mm512_permutexvar_epi32(order, bytes), _mm512_set1_epi8(127)));
    } else if constexpr (blocks == 2) {
      const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 0, 4, 8, 12, 1, 5, 9, 13);
      const __m512i words = _mm512_packs_epi32(values[0], values[1]);
      const __m512i bytes = _mm512_permutexvar_epi32(order, _mm512_packus_epi16(words, words));
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(to),
                          _mm256_min_epu8(_mm512_castsi512_si256(bytes), _mm256_set1_epi8(127)));
    } else {
      for (int b = 0; b < blocks; ++b) {
        const __m512i codes = _mm512_min_epi32(values[b], _mm512_set1_epi32(127));
        store_codes(to + b * 16, &codes);
      }
    }
  }
  static GUARDRANK_INLINE Floats load_codes(const std::uint8_t* first, int vector) {
    const std::uint8_t* const from = first + vector * lanes;
    return _mm512_cvtepi32_ps(
        _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from))));
  }

  static GUARDRANK_INLINE Ints shifted_by_8(Ints value) { return _mm512_slli_epi32(value, 8); }
  // Sixteen bytes of each lane's row: four by four lanes change places within quarters, so that quarter
  // q of the k-th vector is row 4 q + k.
  static GUARDRANK_INLINE void store_rows(const Ints* packed, std::uint8_t* to,
                                          std::size_t stride) {
    const __m512i a = _mm512_unpacklo_epi32(packed[0], packed[1]);
    const __m512i b = _mm512_unpackhi_epi32(packed[0], packed[1]);
    const __m512i c = _mm512_unpacklo_epi32(packed[2], packed[3]);
    const __m512i d = _mm512_unpackhi_epi32(packed[2], packed[3]);
    const __m512i rows[] = {_mm512_unpacklo_epi64(a, c), _mm512_unpackhi_epi64(a, c),
                            _mm512_unpacklo_epi64(b, d), _mm512_unpackhi_epi64(b, d)};
    GUARDRANK_UNROLL
    for (std::size_t k = 0; k < 4; ++k) {
      const auto at = [=](std::size_t q) {
        return reinterpret_cast<__m128i*>(to + (4 * q + k) * stride);
      };
      _mm_storeu_si128(at(0), _mm512_castsi512_si128(rows[k]));
      _mm_storeu_si128(at(1), _mm512_extracti32x4_epi32(rows[k], 1));
      _mm_storeu_si128(at(2), _mm512_extracti32x4_epi32(rows[k], 2));
      _mm_storeu_si128(at(3), _mm512_extracti32x4_epi32(rows[k], 3));
    }
  }
  // Eight totals of each of sixteen rows, to a vector per total: pairs of rows r and r + 8 share a
  // vector, whose halves are then transposed eight by eight.
  static GUARDRANK_INLINE void transpose_eight(const std::int32_t* const* rows, Ints* columns) {
    Ints a[8], b[8];
    GUARDRANK_UNROLL
    for (int r = 0; r < 8; ++r) {
      a[r] = _mm512_inserti64x4(
          _mm512_castsi256_si512(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(rows[r]))),
          _mm256_loadu_si256(reinterpret_cast<const __m256i*>(rows[r + 8])), 1);
    }
    GUARDRANK_UNROLL
    for (int r = 0; r < 8; r += 2) {
      b[r] = _mm512_unpacklo_epi32(a[r], a[r + 1]);
      b[r + 1] = _mm512_unpackhi_epi32(a[r], a[r + 1]);
    }
    GUARDRANK_UNROLL
    for (int r = 0; r < 8; r += 4) {
      a[r] = _mm512_unpacklo_epi64(b[r], b[r + 2]);
      a[r + 1] = _mm512_unpackhi_epi64(b[r], b[r + 2]);
      a[r + 2] = _mm512_unpacklo_epi64(b[r + 1], b[r + 3]);
      a[r + 3] = _mm512_unpackhi_epi64(b[r + 1], b[r + 3]);
    }
    const __m512i low = _mm512_setr_epi64(0, 1, 8, 9, 4, 5, 12, 13);
    const __m512i high = _mm512_setr_epi64(2, 3, 10, 11, 6, 7, 14, 15);
    GUARDRANK_UNROLL
    for (int c = 0; c < 4; ++c) {
      columns[c] = _mm512_permutex2var_epi64(a[c], low, a[c + 4]);
      columns[c + 4] = _mm512_permutex2var_epi64(a[c], high, a[c + 4]);
    }
  }

  // One sum per output.
  using Sums = Ints;
  static GUARDRANK_INLINE Sums start(Ints initial) { return initial; }
  // The empty assembly keeps gcc from splitting each sum into one of the loop's and one kept for after.
  static GUARDRANK_INLINE Ints end(Sums sums) {
    __asm__("" : "+v"(sums));
    return sums;
  }

  static GUARDRANK_INLINE Weights load_weights(const std::int8_t* from) { return load(from); }
  static GUARDRANK_INLINE Codes load_group(const std::uint8_t* codes) {
    std::int32_t four;
    __builtin_memcpy(&four, codes, sizeof four);
    return _mm512_set1_epi32(four);
  }
  static GUARDRANK_INLINE Ints add_products(Ints sums, Codes codes, Weights weights) {
    return _mm512_dpbusd_epi32(sums, codes, weights);
  }
};

}  // namespace

const Kernel avx512_vnni_kernel = {"avx512_vnni", run_layer<Avx512Vnni>, add_kept_sums<Avx512Vnni>,
                                   softmax<Avx512Vnni>, mix<Avx512Vnni>, quantise<Avx512Vnni>,
                                   true, quantise_columns<Avx512Vnni>};

}  // namespace guardrank
