// SSSE3, what every x86-64 of the last fifteen years has: pmaddubsw, widened by pmaddwd.
#include <immintrin.h>

#include "core/model/kernels/gate_loops.h"
#include "core/model/kernels/input_loops.h"

namespace guardrank {
namespace {

struct Ssse3 {
  static constexpr int lanes = 4, most_blocks = 1, blocks_of_mix = 1, most_gates = 2;
  static constexpr bool stores_four_blocks = false, takes_calm = false, endings_apart = false,
                        transposes = false, fetches_ahead = false, is_small = false;
  static constexpr int rows_by_1 = 2;   // eight sums of sixteen registers
  using Ints = __m128i;
  using Floats = __m128;
  using Codes = __m128i;
  using Weights = __m128i;
  using Count = __m128i;

  static GUARDRANK_INLINE Ints load(const void* from) {
    return _mm_loadu_si128(static_cast<const __m128i*>(from));
  }
  static GUARDRANK_INLINE void store(void* to, Ints value) {
    _mm_storeu_si128(static_cast<__m128i*>(to), value);
  }
  static GUARDRANK_INLINE Floats load_floats(const float* from) { return _mm_loadu_ps(from); }
  static GUARDRANK_INLINE void store_floats(float* to, Floats value) { _mm_storeu_ps(to, value); }
  static GUARDRANK_INLINE Floats splat(float value) { return _mm_set1_ps(value); }
  static GUARDRANK_INLINE Ints add(Ints a, Ints b) { return _mm_add_epi32(a, b); }
  static GUARDRANK_INLINE Ints subtract(Ints a, Ints b) { return _mm_sub_epi32(a, b); }
  static GUARDRANK_INLINE Floats add(Floats a, Floats b) { return _mm_add_ps(a, b); }
  static GUARDRANK_INLINE Floats subtract(Floats a, Floats b) { return _mm_sub_ps(a, b); }
  static GUARDRANK_INLINE Floats multiply(Floats a, Floats b) { return _mm_mul_ps(a, b); }
  static GUARDRANK_INLINE Floats divide(Floats a, Floats b) { return _mm_div_ps(a, b); }
  // a > b ? a : b and a < b ? a : b, so b where either is not a number.
  static GUARDRANK_INLINE Floats larger(Floats a, Floats b) { return _mm_max_ps(a, b); }
  static GUARDRANK_INLINE Floats smaller(Floats a, Floats b) { return _mm_min_ps(a, b); }
  static GUARDRANK_INLINE Floats to_floats(Ints value) { return _mm_cvtepi32_ps(value); }
  static GUARDRANK_INLINE Ints to_ints(Floats whole) { return _mm_cvtps_epi32(whole); }
  static GUARDRANK_INLINE Ints halved(Ints value) { return _mm_srai_epi32(value, 1); }
  static GUARDRANK_INLINE Floats power_of_two(Ints k) {
    return _mm_castsi128_ps(_mm_slli_epi32(_mm_add_epi32(k, _mm_set1_epi32(127)), 23));
  }

  static GUARDRANK_INLINE Count count_of(std::uint8_t shift) { return _mm_cvtsi32_si128(shift); }
  static GUARDRANK_INLINE Ints shift(Ints value, Count count) {
    return _mm_sra_epi32(value, count);
  }
  // Packing saturates; the sign comes back by a shift.
  static GUARDRANK_INLINE Ints clamp_to_int16(Ints value) {
    const __m128i packed = _mm_packs_epi32(value, value);
    return _mm_srai_epi32(_mm_unpacklo_epi16(packed, packed), 16);
  }
  static GUARDRANK_INLINE void load_int16(const std::int16_t* from, Ints* values) {
    for (int v = 0; v < 4; v += 2) {
      const __m128i eight = load(from + v * 4);
      values[v] = _mm_srai_epi32(_mm_unpacklo_epi16(eight, eight), 16);
      values[v + 1] = _mm_srai_epi32(_mm_unpackhi_epi16(eight, eight), 16);
    }
  }

  // Whole numbers up to 127, rounded half to even; store_codes raises the negative ones to 0. min
  // returns its second operand where one is NaN, and NaN converts to the least integer.
  static GUARDRANK_INLINE Ints codes_of(Floats value) {
    return _mm_cvtps_epi32(_mm_min_ps(_mm_set1_ps(127.0f), value));
  }
  static GUARDRANK_INLINE void store_codes(std::uint8_t* to, const Ints* values) {
    store(to, _mm_packus_epi16(_mm_packs_epi32(values[0], values[1]),
                               _mm_packs_epi32(values[2], values[3])));
  }
  static GUARDRANK_INLINE Floats load_codes(const std::uint8_t* first, int vector) {
    const std::uint8_t* const from = first + vector * lanes;
    std::int32_t four;
    __builtin_memcpy(&four, from, sizeof four);
    const __m128i zero = _mm_setzero_si128();
    const __m128i words = _mm_unpacklo_epi8(_mm_cvtsi32_si128(four), zero);
    return _mm_cvtepi32_ps(_mm_unpacklo_epi16(words, zero));
  }

  // One sum per output.
  using Sums = Ints;
  static GUARDRANK_INLINE Sums start(Ints initial) { return initial; }
  static GUARDRANK_INLINE Ints end(Sums sums) { return sums; }

  static GUARDRANK_INLINE Weights load_weights(const std::int8_t* from) { return load(from); }
  static GUARDRANK_INLINE Codes load_group(const std::uint8_t* codes) {
    std::int32_t four;
    __builtin_memcpy(&four, codes, sizeof four);
    return _mm_set1_epi32(four);
  }
  static GUARDRANK_INLINE Ints add_products(Ints sums, Codes codes, Weights weights) {
    return add(sums, _mm_madd_epi16(_mm_maddubs_epi16(codes, weights), _mm_set1_epi16(1)));
  }
};

}  // namespace

const Kernel ssse3_kernel = {"ssse3", run_layer<Ssse3>, add_kept_sums<Ssse3>,
                             softmax<Ssse3>, mix<Ssse3>, quantise<Ssse3>};

}  // namespace guardrank
