// The inner loops, one file per instruction set. Kernel files include this header and intrinsics
// only, and define no inline function that another file could share: an AVX-512 copy of such a
// function must never be the one that a plain machine runs.
#pragma once

#include <cstddef>
#include <cstdint>

namespace guardrank {

// Weights of one layer as a kernel wants them. `bytes` is 64-byte aligned.
struct PackedWeights {
  const std::int8_t* bytes;
  std::uint32_t n_out;       // true outputs
  std::uint32_t n_in;        // true inputs
  std::uint32_t stride_in;   // inputs after padding with zero weights; a multiple of 64
};

struct Kernel {
  const char* name;
  // Sums: out[row * out_stride + o] = sum over i of codes[row * code_stride + i] * weight[o][i],
  // for n_rows rows. Codes are u7 (0 to 127), rows padded with zeros to stride_in bytes, 64-aligned.
  void (*multiply)(const std::uint8_t* codes, std::size_t code_stride, std::uint32_t n_rows,
                   const PackedWeights* weights, std::int32_t* out, std::size_t out_stride);
  // Codes: clamp(round_half_even(float(sums[i]) * multiplier[i]), 0, 127) for `n` outputs of a row.
  void (*requantise)(const std::int32_t* sums, const float* multiplier, std::uint32_t n,
                     std::uint8_t* codes);
  // Bytes that the packed weights of a layer take, and the packing itself.
  std::size_t (*packed_bytes)(std::uint32_t n_out, std::uint32_t n_in);
  void (*pack)(const std::int8_t* weights, std::uint32_t n_out, std::uint32_t n_in,
               std::int8_t* packed);
};

extern const Kernel portable_kernel;
#if defined(__x86_64__)
extern const Kernel avx2_kernel;
#endif
#if defined(__wasm_simd128__)
extern const Kernel wasm_simd128_kernel;
#endif

}  // namespace guardrank
