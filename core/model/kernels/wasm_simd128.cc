// WebAssembly simd128: codes and weights widened to int16, multiplied by i32x4.dot_i16x8_s.
#include "core/model/kernels/wasm_lanes.h"

namespace guardrank {
namespace {

struct WasmSimd128 : WasmLanes {
  static constexpr int most_gates = 1;
  static constexpr int rows_by_1 = 2;   // sixteen sums: more would not fit a 128-bit machine
  static constexpr bool is_small = true;
  // Four outputs, two lanes each (inputs 0, 1 and 2, 3 of a group); likewise weights.
  struct Sums {
    v128_t low, high;
  };
  using Weights = Sums;
  using Codes = v128_t;   // the four codes of a group, twice

  static GUARDRANK_INLINE Sums start(Ints initial) {
    const v128_t zero = wasm_i32x4_const_splat(0);
    return {wasm_i32x4_shuffle(initial, zero, 0, 4, 1, 4),
            wasm_i32x4_shuffle(initial, zero, 2, 4, 3, 4)};
  }
  static GUARDRANK_INLINE Ints end(const Sums& sums) {
    return wasm_i32x4_add(wasm_i32x4_shuffle(sums.low, sums.high, 0, 2, 4, 6),
                          wasm_i32x4_shuffle(sums.low, sums.high, 1, 3, 5, 7));
  }
  static GUARDRANK_INLINE Weights load_weights(const std::int8_t* from) {
    return {wasm_i16x8_load8x8(from), wasm_i16x8_load8x8(from + 8)};
  }
  static GUARDRANK_INLINE Codes load_group(const std::uint8_t* codes) {
    return wasm_u16x8_extend_low_u8x16(wasm_v128_load32_splat(codes));
  }
  static GUARDRANK_INLINE Sums add_products(const Sums& sums, Codes codes,
                                            const Weights& weights) {
    return {wasm_i32x4_add(sums.low, wasm_i32x4_dot_i16x8(codes, weights.low)),
            wasm_i32x4_add(sums.high, wasm_i32x4_dot_i16x8(codes, weights.high))};
  }
};

}  // namespace

const Kernel wasm_simd128_kernel = {"wasm_simd128",       run_layer<WasmSimd128>,
                                    add_kept_sums<WasmSimd128>, softmax<WasmSimd128>,
                                    mix<WasmSimd128>,     quantise<WasmSimd128>};

}  // namespace guardrank
