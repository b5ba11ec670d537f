// Vectors of four for the kernels of aarch64; a kernel adds the products. Codes are below 128, so
// they are multiplied as signed bytes.
#pragma once

#include <arm_neon.h>

#include "core/model/kernels/gate_loops.h"
#include "core/model/kernels/input_loops.h"

namespace guardrank {
namespace {

struct NeonLanes {
  static constexpr int lanes = 4, most_blocks = 1, blocks_of_mix = 1, most_gates = 3;
  static constexpr bool stores_four_blocks = false, takes_calm = false, endings_apart = false,
                        transposes = false, fetches_ahead = false, is_small = false;
  using Ints = int32x4_t;
  using Floats = float32x4_t;
  using Codes = int8x16_t;     // the four codes of a group in each lane
  using Weights = int8x16_t;   // the group's weights of four outputs
  using Count = int32x4_t;

  static GUARDRANK_INLINE Ints load(const std::int32_t* from) { return vld1q_s32(from); }
  // Totals that stand where floats will.
  static GUARDRANK_INLINE Ints load(const float* from) {
    return vreinterpretq_s32_f32(vld1q_f32(from));
  }
  static GUARDRANK_INLINE void store(std::int32_t* to, Ints value) { vst1q_s32(to, value); }
  static GUARDRANK_INLINE Floats load_floats(const float* from) { return vld1q_f32(from); }
  static GUARDRANK_INLINE void store_floats(float* to, Floats value) { vst1q_f32(to, value); }
  static GUARDRANK_INLINE Floats splat(float value) { return vdupq_n_f32(value); }
  static GUARDRANK_INLINE Ints add(Ints a, Ints b) { return vaddq_s32(a, b); }
  static GUARDRANK_INLINE Ints subtract(Ints a, Ints b) { return vsubq_s32(a, b); }
  static GUARDRANK_INLINE Floats add(Floats a, Floats b) { return vaddq_f32(a, b); }
  static GUARDRANK_INLINE Floats subtract(Floats a, Floats b) { return vsubq_f32(a, b); }
  static GUARDRANK_INLINE Floats multiply(Floats a, Floats b) { return vmulq_f32(a, b); }
  static GUARDRANK_INLINE Floats divide(Floats a, Floats b) { return vdivq_f32(a, b); }
  // As on x86: b where either is not a number.
  static GUARDRANK_INLINE Floats larger(Floats a, Floats b) {
    return vbslq_f32(vcgtq_f32(a, b), a, b);
  }
  static GUARDRANK_INLINE Floats smaller(Floats a, Floats b) {
    return vbslq_f32(vcltq_f32(a, b), a, b);
  }
  static GUARDRANK_INLINE Floats to_floats(Ints value) { return vcvtq_f32_s32(value); }
  static GUARDRANK_INLINE Ints to_ints(Floats whole) { return vcvtq_s32_f32(whole); }
  static GUARDRANK_INLINE Ints halved(Ints value) { return vshrq_n_s32(value, 1); }
  static GUARDRANK_INLINE Floats power_of_two(Ints k) {
    return vreinterpretq_f32_s32(vshlq_n_s32(vaddq_s32(k, vdupq_n_s32(127)), 23));
  }

  // A shift to the left by a negative number is one to the right.
  static GUARDRANK_INLINE Count count_of(std::uint8_t shift) {
    return vdupq_n_s32(-static_cast<std::int32_t>(shift));
  }
  static GUARDRANK_INLINE Ints shift(Ints value, Count count) { return vshlq_s32(value, count); }
  static GUARDRANK_INLINE Ints clamp_to_int16(Ints value) {
    return vminq_s32(vmaxq_s32(value, vdupq_n_s32(-32768)), vdupq_n_s32(32767));
  }
  static GUARDRANK_INLINE void load_int16(const std::int16_t* from, Ints* values) {
    for (int v = 0; v < 4; ++v) values[v] = vmovl_s16(vld1_s16(from + v * 4));
  }

  // Rounded half to even and saturated, NaN to 0; store_codes clamps.
  static GUARDRANK_INLINE Ints codes_of(Floats value) { return vcvtnq_s32_f32(value); }
  static GUARDRANK_INLINE void store_codes(std::uint8_t* to, const Ints* values) {
    const int16x8_t low = vcombine_s16(vqmovn_s32(values[0]), vqmovn_s32(values[1]));
    const int16x8_t high = vcombine_s16(vqmovn_s32(values[2]), vqmovn_s32(values[3]));
    const uint8x16_t bytes = vcombine_u8(vqmovun_s16(low), vqmovun_s16(high));
    vst1q_u8(to, vminq_u8(bytes, vdupq_n_u8(127)));
  }
  static GUARDRANK_INLINE Floats load_codes(const std::uint8_t* first, int vector) {
    const std::uint8_t* const from = first + vector * lanes;
    std::uint32_t four;
    __builtin_memcpy(&four, from, sizeof four);
    return vcvtq_f32_u32(vmovl_u16(vget_low_u16(vmovl_u8(vcreate_u8(four)))));
  }

  // One sum per output.
  using Sums = Ints;
  static GUARDRANK_INLINE Sums start(Ints initial) { return initial; }
  static GUARDRANK_INLINE Ints end(Sums sums) { return sums; }

  static GUARDRANK_INLINE Weights load_weights(const std::int8_t* from) { return vld1q_s8(from); }
  static GUARDRANK_INLINE Codes load_group(const std::uint8_t* codes) {
    std::int32_t four;
    __builtin_memcpy(&four, codes, sizeof four);
    return vreinterpretq_s8_s32(vdupq_n_s32(four));
  }
};

}  // namespace
}  // namespace guardrank
