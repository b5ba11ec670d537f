// WebAssembly relaxed SIMD: i32x4.relaxed_dot_i8x16_i7x16_add_s adds four products of s8 weights and
// u7 codes to each of four sums. The standard leaves open how the second operand's top bit is read
// and whether pairs saturate; codes have no top bit and no pair leaves int16.
//
// On processors with such an instruction (AVX-VNNI, NEON's dot product) that is what it becomes. On other x86 V8
// makes five of it, and multiplies in pairs (pmaddubsw): the two steps apart are three there, and a sixth to an
// eighth of a ranking's time less. The result that the standard leaves open tells which it is.
#include "core/model/kernels/wasm_lanes.h"

namespace guardrank {
namespace {

struct WasmRelaxedDot : WasmLanes {
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

struct WasmRelaxedPairs : WasmRelaxedDot {
  static GUARDRANK_INLINE Ints add_products(Ints sums, Codes codes, Weights weights) {
    const v128_t pairs = wasm_i16x8_relaxed_dot_i8x16_i7x16(weights, codes);
    return wasm_i32x4_add(sums, wasm_i32x4_extadd_pairwise_i16x8(pairs));
  }
};

}  // namespace

const Kernel wasm_relaxed_dot_kernel = {"wasm_relaxed_dot", run_layer<WasmRelaxedDot>,
                                        add_kept_sums<WasmRelaxedDot>, softmax<WasmRelaxedDot>,
                                        mix<WasmRelaxedDot>, quantise<WasmRelaxedDot>};
const Kernel wasm_relaxed_pairs_kernel = {"wasm_relaxed_pairs", run_layer<WasmRelaxedPairs>,
                                          add_kept_sums<WasmRelaxedDot>, softmax<WasmRelaxedDot>,
                                          mix<WasmRelaxedDot>, quantise<WasmRelaxedDot>};

// Of -128 by bytes whose bits are all set: 255 saturates each pair at -32768, where -1 gives 512 and a sum of four
// unsigned products -130560.
bool wasm_relaxed_saturates() {
  const v128_t least = wasm_v128_not(wasm_constants.code_bytes_most);
  const v128_t all_set = wasm_i8x16_const_splat(-1), none = wasm_i32x4_const_splat(0);
  return wasm_i32x4_extract_lane(wasm_i32x4_relaxed_dot_i8x16_i7x16_add(least, all_set, none), 0) == -65536;
}

}  // namespace guardrank
