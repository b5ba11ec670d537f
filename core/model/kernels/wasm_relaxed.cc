// WebAssembly relaxed SIMD: i32x4.relaxed_dot_i8x16_i7x16_add_s adds four products of s8 weights and
// u7 codes to each of four sums. The standard leaves open how the second operand's top bit is read
// and whether pairs saturate; codes have no top bit and no pair leaves int16.
#include "core/model/kernels/wasm_lanes.h"

namespace guardrank {
namespace {

struct WasmRelaxed : WasmLanes {
  static constexpr int rows_by_1 = 2, most_gates = 2;
  static constexpr bool is_small = false;
  using Weights = v128_t;
  using Codes = v128_t;   // the four codes of a group in each lane

  // Bytes that a swizzle leaves out are numbered from 128: those are 0 in relaxed ones, too.
  static GUARDRANK_INLINE Floats load_codes(const std::uint8_t* first, int vector) {
    const v128_t block = load(first + vector / 4 * 16);
    return {wasm_f32x4_convert_i32x4(
        wasm_i8x16_relaxed_swizzle(block, wasm_constants.spread[vector % 4]))};
  }

  // One sum per output.
  using Sums = Ints;
  static GUARDRANK_INLINE Sums start(Ints initial) { return initial; }
  static GUARDRANK_INLINE Ints end(Sums sums) { return sums; }

  static GUARDRANK_INLINE Weights load_weights(const std::int8_t* from) {
    return wasm_v128_load(from);
  }
  static GUARDRANK_INLINE Codes load_group(const std::uint8_t* codes) {
    return wasm_v128_load32_splat(codes);
  }
  static GUARDRANK_INLINE Ints add_products(Ints sums, Codes codes, Weights weights) {
    return wasm_i32x4_relaxed_dot_i8x16_i7x16_add(weights, codes, sums);
  }
};

}  // namespace

const Kernel wasm_relaxed_kernel = {"wasm_relaxed",       run_layer<WasmRelaxed>,
                                    add_kept_sums<WasmRelaxed>, softmax<WasmRelaxed>,
                                    mix<WasmRelaxed>,     quantise<WasmRelaxed>};

}  // namespace guardrank
