// WebAssembly simd128: codes and weights widened to int16, multiplied by i32x4.dot_i16x8_s.
#include <wasm_simd128.h>

#include "core/model/kernels/kernel.h"

namespace guardrank {
namespace {

// Half a block: eight outputs, two lanes each (inputs 0, 1 and 2, 3 of a group).
struct Sums {
  v128_t a, b, c, d;
};

__attribute__((always_inline)) inline Sums zero() {
  const v128_t none = wasm_i32x4_const_splat(0);
  return {none, none, none, none};
}

// Weights of eight outputs and four inputs, widened.
struct Weights {
  v128_t a, b, c, d;
};

__attribute__((always_inline)) inline Weights widen(const std::int8_t* bytes) {
  return {wasm_i16x8_load8x8(bytes), wasm_i16x8_load8x8(bytes + 8), wasm_i16x8_load8x8(bytes + 16),
          wasm_i16x8_load8x8(bytes + 24)};
}

__attribute__((always_inline)) inline Sums add_group(Sums sums, const std::uint8_t* codes,
                                                     const Weights& weights) {
  const v128_t inputs = wasm_u16x8_extend_low_u8x16(wasm_v128_load32_splat(codes));
  sums.a = wasm_i32x4_add(sums.a, wasm_i32x4_dot_i16x8(inputs, weights.a));
  sums.b = wasm_i32x4_add(sums.b, wasm_i32x4_dot_i16x8(inputs, weights.b));
  sums.c = wasm_i32x4_add(sums.c, wasm_i32x4_dot_i16x8(inputs, weights.c));
  sums.d = wasm_i32x4_add(sums.d, wasm_i32x4_dot_i16x8(inputs, weights.d));
  return sums;
}

// Adds the two lanes of each output.
__attribute__((always_inline)) inline v128_t joined(v128_t first, v128_t second) {
  return wasm_i32x4_add(wasm_i32x4_shuffle(first, second, 0, 2, 4, 6),
                        wasm_i32x4_shuffle(first, second, 1, 3, 5, 7));
}

__attribute__((always_inline)) inline void finish(const Sums& sums, const std::int32_t* initial,
                                                  std::int32_t* out) {
  wasm_v128_store(out, wasm_i32x4_add(wasm_v128_load(initial), joined(sums.a, sums.b)));
  wasm_v128_store(out + 4, wasm_i32x4_add(wasm_v128_load(initial + 4), joined(sums.c, sums.d)));
}

// `weights` points at the half block within its first group; groups are 64 bytes apart.
void multiply_one_row(const std::uint8_t* codes, const std::int8_t* weights, std::uint32_t n_in,
                      const std::int32_t* initial, std::int32_t* out) {
  Sums sums = zero();
  for (std::uint32_t i = 0; i < n_in; i += inputs_per_group, weights += 64) {
    sums = add_group(sums, codes + i, widen(weights));
  }
  finish(sums, initial, out);
}

// Two rows share the widened weights; more would not fit a 128-bit machine's 16 registers.
void multiply_two_rows(const std::uint8_t* codes, std::size_t stride, const std::int8_t* weights,
                       std::uint32_t n_in, const std::int32_t* initial, std::int32_t* out,
                       std::size_t out_stride) {
  Sums sums0 = zero(), sums1 = zero();
  for (std::uint32_t i = 0; i < n_in; i += inputs_per_group, weights += 64) {
    const Weights wide = widen(weights);
    sums0 = add_group(sums0, codes + i, wide);
    sums1 = add_group(sums1, codes + stride + i, wide);
  }
  finish(sums0, initial, out);
  finish(sums1, initial, out + out_stride);
}

void multiply(Rows<const std::uint8_t> codes, std::uint32_t n_rows, const PackedWeights* weights,
              const std::int32_t* initial, Rows<std::int32_t> sums) {
  const std::uint32_t n_in = weights->n_in;
  for (std::uint32_t o = 0; o < weights->n_out; o += 8) {
    const std::uint32_t block = o / outputs_per_block, half = (o % outputs_per_block) / 8;
    const std::int8_t* bytes = weights->bytes + std::size_t{block} * outputs_per_block * n_in +
                               half * 32;
    std::uint32_t row = 0;
    for (; row + 2 <= n_rows; row += 2) {
      multiply_two_rows(codes.first + row * codes.stride, codes.stride, bytes, n_in, initial + o,
                        sums.first + row * sums.stride + o, sums.stride);
    }
    for (; row < n_rows; ++row) {
      multiply_one_row(codes.first + row * codes.stride, bytes, n_in, initial + o,
                       sums.first + row * sums.stride + o);
    }
  }
}

void round_block(Rows<const std::int32_t> sums, std::uint8_t shift, Rows<const std::int32_t> base,
                 std::uint32_t n_rows, std::uint32_t n, Rows<std::int32_t> totals) {
  const v128_t least = wasm_i32x4_const_splat(-32768), most = wasm_i32x4_const_splat(32767);
  for (std::uint32_t row = 0; row < n_rows; ++row) {
    const std::int32_t* sum = sums.first + row * sums.stride;
    const std::int32_t* from = base.first + row * base.stride;
    std::int32_t* total = totals.first + row * totals.stride;
    for (std::uint32_t i = 0; i < n; i += 4) {
      const v128_t shifted = wasm_i32x4_shr(wasm_v128_load(sum + i), shift);
      const v128_t rounded = wasm_i32x4_min(wasm_i32x4_max(shifted, least), most);
      wasm_v128_store(total + i, wasm_i32x4_add(wasm_v128_load(from + i), rounded));
    }
  }
}

// Whole numbers 0 to 127 in int32 lanes. pmax(0, v) is 0 < v ? v : 0, so NaN becomes 0; adding
// 2^23 rounds half to even and leaves the number in the low bits.
__attribute__((always_inline)) inline v128_t clamp_round(v128_t value) {
  value = wasm_f32x4_pmax(wasm_f32x4_const_splat(0.0f), value);
  value = wasm_f32x4_pmin(wasm_f32x4_const_splat(127.0f), value);
  return wasm_v128_and(wasm_f32x4_add(value, wasm_f32x4_const_splat(8388608.0f)),
                       wasm_i32x4_const_splat(127));
}

__attribute__((always_inline)) inline void store_codes(std::uint8_t* codes, v128_t a, v128_t b,
                                                       v128_t c, v128_t d) {
  wasm_v128_store(codes, wasm_u8x16_narrow_i16x8(wasm_i16x8_narrow_i32x4(a, b),
                                                 wasm_i16x8_narrow_i32x4(c, d)));
}

__attribute__((always_inline)) inline v128_t requantised(const std::int32_t* totals,
                                                         const float* multiplier) {
  return clamp_round(wasm_f32x4_mul(wasm_f32x4_convert_i32x4(wasm_v128_load(totals)),
                                    wasm_v128_load(multiplier)));
}

void requantise(Rows<const std::int32_t> totals, const float* multiplier, std::uint32_t n_rows,
                std::uint32_t n, Rows<std::uint8_t> codes) {
  for (std::uint32_t row = 0; row < n_rows; ++row) {
    const std::int32_t* total = totals.first + row * totals.stride;
    std::uint8_t* code = codes.first + row * codes.stride;
    for (std::uint32_t i = 0; i < n; i += 16) {
      const std::int32_t* t = total + i;
      const float* m = multiplier + i;
      store_codes(code + i, requantised(t, m), requantised(t + 4, m + 4),
                  requantised(t + 8, m + 8), requantised(t + 12, m + 12));
    }
  }
}

// Sixteen mixed values.
struct Values {
  v128_t a, b, c, d;
};

__attribute__((always_inline)) inline Values scaled(const std::uint8_t* codes, float weight) {
  const v128_t c = wasm_f32x4_splat(weight);
  const v128_t low = wasm_u16x8_load8x8(codes), high = wasm_u16x8_load8x8(codes + 8);
  return {wasm_f32x4_mul(c, wasm_f32x4_convert_i32x4(wasm_u32x4_extend_low_u16x8(low))),
          wasm_f32x4_mul(c, wasm_f32x4_convert_i32x4(wasm_u32x4_extend_high_u16x8(low))),
          wasm_f32x4_mul(c, wasm_f32x4_convert_i32x4(wasm_u32x4_extend_low_u16x8(high))),
          wasm_f32x4_mul(c, wasm_f32x4_convert_i32x4(wasm_u32x4_extend_high_u16x8(high)))};
}

void mix(const Rows<const std::uint8_t>* experts, std::uint32_t n_experts,
         Rows<const float> coefficients, std::uint32_t n_rows, std::uint32_t n,
         Rows<std::uint8_t> codes) {
  for (std::uint32_t row = 0; row < n_rows; ++row) {
    const float* c = coefficients.first + row * coefficients.stride;
    for (std::uint32_t i = 0; i < n; i += 16) {
      Values sum = scaled(experts[0].first + row * experts[0].stride + i, c[0]);
      for (std::uint32_t e = 1; e < n_experts; ++e) {
        const Values next = scaled(experts[e].first + row * experts[e].stride + i, c[e]);
        sum = {wasm_f32x4_add(sum.a, next.a), wasm_f32x4_add(sum.b, next.b),
               wasm_f32x4_add(sum.c, next.c), wasm_f32x4_add(sum.d, next.d)};
      }
      store_codes(codes.first + row * codes.stride + i, clamp_round(sum.a), clamp_round(sum.b),
                  clamp_round(sum.c), clamp_round(sum.d));
    }
  }
}

}  // namespace

const Kernel wasm_simd128_kernel = {"wasm_simd128", multiply, round_block, requantise, mix};

}  // namespace guardrank
