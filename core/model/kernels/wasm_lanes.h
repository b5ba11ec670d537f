// Vectors of four for the kernels of WebAssembly; a kernel adds the products.
#pragma once

#include <wasm_simd128.h>

#include "core/model/kernels/gate_loops.h"
#include "core/model/kernels/input_loops.h"

namespace guardrank {

// Defined in a file of its own (wasm_constants.cc), where compilers do not see them: one that is seen
// is written out at each use, and engines make it anew there in three instructions.
struct WasmConstants {
  v128_t code_most;           // 127, as floats
  v128_t rounding;            // 2^23: the sum with a number 0 to 127 has it, rounded half to even, in its low bits
  v128_t code_bits;           // those low bits
  v128_t signed_rounding;     // 1.5 * 2^23: the same for numbers within 2^22
  v128_t signed_bits;         // its bits, which those of the sum exceed by the number
  v128_t code_bytes_most;     // 127 in each byte
  v128_t spread[4];           // by a relaxed swizzle: bytes 4 v to 4 v + 3, each as a lane
};
extern const WasmConstants wasm_constants;

namespace {

struct WasmLanes {
  static constexpr int lanes = 4, most_blocks = 1, blocks_of_mix = 1;
  static constexpr bool stores_four_blocks = false, takes_calm = true, endings_apart = false,
                        transposes = false, fetches_ahead = false;
  using Ints = v128_t;
  // Ints and Floats are one type in WebAssembly, and a function's name cannot tell them apart.
  struct Floats {
    v128_t bits;
  };
  using Count = std::uint32_t;

  static GUARDRANK_INLINE Ints load(const void* from) { return wasm_v128_load(from); }
  static GUARDRANK_INLINE void store(void* to, Ints value) { wasm_v128_store(to, value); }
  static GUARDRANK_INLINE Floats load_floats(const float* from) { return {wasm_v128_load(from)}; }
  static GUARDRANK_INLINE void store_floats(float* to, Floats value) {
    wasm_v128_store(to, value.bits);
  }
  static GUARDRANK_INLINE Floats splat(float value) { return {wasm_f32x4_splat(value)}; }
  static GUARDRANK_INLINE Ints add(Ints a, Ints b) { return wasm_i32x4_add(a, b); }
  static GUARDRANK_INLINE Ints subtract(Ints a, Ints b) { return wasm_i32x4_sub(a, b); }
  static GUARDRANK_INLINE Floats add(Floats a, Floats b) {
    return {wasm_f32x4_add(a.bits, b.bits)};
  }
  static GUARDRANK_INLINE Floats subtract(Floats a, Floats b) {
    return {wasm_f32x4_sub(a.bits, b.bits)};
  }
  static GUARDRANK_INLINE Floats multiply(Floats a, Floats b) {
    return {wasm_f32x4_mul(a.bits, b.bits)};
  }
  static GUARDRANK_INLINE Floats divide(Floats a, Floats b) {
    return {wasm_f32x4_div(a.bits, b.bits)};
  }
  // As on x86: b where either is not a number. pmax(b, a) is b < a ? a : b.
  static GUARDRANK_INLINE Floats larger(Floats a, Floats b) {
    return {wasm_f32x4_pmax(b.bits, a.bits)};
  }
  static GUARDRANK_INLINE Floats smaller(Floats a, Floats b) {
    return {wasm_f32x4_pmin(b.bits, a.bits)};
  }
  static GUARDRANK_INLINE Floats to_floats(Ints value) { return {wasm_f32x4_convert_i32x4(value)}; }
  // Rounded half to even, within 2^22.
  static GUARDRANK_INLINE Ints to_ints(Floats value) {
    return wasm_i32x4_sub(wasm_f32x4_add(value.bits, wasm_constants.signed_rounding),
                          wasm_constants.signed_bits);
  }
  static GUARDRANK_INLINE Ints halved(Ints value) { return wasm_i32x4_shr(value, 1); }
  static GUARDRANK_INLINE Floats power_of_two(Ints k) {
    return {wasm_i32x4_shl(wasm_i32x4_add(k, wasm_i32x4_const_splat(127)), 23)};
  }

  static GUARDRANK_INLINE Count count_of(std::uint8_t shift) { return shift; }
  static GUARDRANK_INLINE Ints shift(Ints value, Count count) {
    return wasm_i32x4_shr(value, count);
  }
  static GUARDRANK_INLINE Ints clamp_to_int16(Ints value) {
    return wasm_i32x4_min(wasm_i32x4_max(value, wasm_i32x4_const_splat(-32768)),
                          wasm_i32x4_const_splat(32767));
  }
  static GUARDRANK_INLINE void load_int16(const std::int16_t* from, Ints* values) {
    for (int v = 0; v < 4; ++v) values[v] = wasm_i32x4_load16x4(from + v * 4);
  }

  // Whole numbers 0 to 127, rounded half to even.
  static GUARDRANK_INLINE Ints codes_of(Floats value) {
    value = smaller(larger(value, splat(0.0f)), {wasm_constants.code_most});
    return wasm_v128_and(wasm_f32x4_add(value.bits, wasm_constants.rounding), wasm_constants.code_bits);
  }
  static GUARDRANK_INLINE void store_codes(std::uint8_t* to, const Ints* values) {
    wasm_v128_store(to, wasm_u8x16_narrow_i16x8(wasm_i16x8_narrow_i32x4(values[0], values[1]),
                                                wasm_i16x8_narrow_i32x4(values[2], values[3])));
  }
  // The same of numbers that may be over 127 or negative: narrowing raises these to 0.
  template <int blocks>
  static GUARDRANK_INLINE void store_calm(std::uint8_t* to, const Ints* values) {
    static_assert(blocks == 1);
    const v128_t bytes = wasm_u8x16_narrow_i16x8(wasm_i16x8_narrow_i32x4(values[0], values[1]),
                                                 wasm_i16x8_narrow_i32x4(values[2], values[3]));
    wasm_v128_store(to, wasm_u8x16_min(bytes, wasm_constants.code_bytes_most));
  }
  static GUARDRANK_INLINE Floats load_codes(const std::uint8_t* first, int vector) {
    // One load for four vectors and a swizzle each: 3% quicker at most, and wrong in V8 11.3 without AVX.
    return {wasm_f32x4_convert_i32x4(wasm_u32x4_extend_low_u16x8(
        wasm_u16x8_extend_low_u8x16(wasm_v128_load32_zero(first + vector * lanes))))};
  }
};

}  // namespace
}  // namespace guardrank
