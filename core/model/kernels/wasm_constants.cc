// The constants of wasm_lanes.h.
#include "core/model/kernels/wasm_lanes.h"

namespace guardrank {

extern const WasmConstants wasm_constants = {
    wasm_f32x4_const_splat(127.0f),
    wasm_f32x4_const_splat(8388608.0f),
    wasm_i32x4_const_splat(127),
    wasm_f32x4_const_splat(12582912.0f),
    wasm_i32x4_const_splat(0x4B400000),
    wasm_i8x16_const_splat(127),
    {wasm_i8x16_const(0, -1, -1, -1, 1, -1, -1, -1, 2, -1, -1, -1, 3, -1, -1, -1),
     wasm_i8x16_const(4, -1, -1, -1, 5, -1, -1, -1, 6, -1, -1, -1, 7, -1, -1, -1),
     wasm_i8x16_const(8, -1, -1, -1, 9, -1, -1, -1, 10, -1, -1, -1, 11, -1, -1, -1),
     wasm_i8x16_const(12, -1, -1, -1, 13, -1, -1, -1, 14, -1, -1, -1, 15, -1, -1, -1)},
};

}  // namespace guardrank
