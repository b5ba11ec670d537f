// The inner loops, one file per instruction set. Kernel files include this header and intrinsics
// only, and define no inline function that another file could share: an AVX-512 copy of such a
// function must never be the one that a plain machine runs.
//
// Every kernel gives the same bits. Codes are u7 (0 to 127) and weights s8, so a pair of products
// stays within int16 (2 * 127 * 128 = 32512) and no instruction set saturates; int32 sums wrap
// modulo 2^32; floats are rounded to nearest and never contracted.
#pragma once

#include <cstddef>
#include <cstdint>

namespace guardrank {

// Outputs are padded to whole blocks, inputs to whole groups, both with zero weights.
inline constexpr std::uint32_t outputs_per_block = 16;
inline constexpr std::uint32_t inputs_per_group = 4;

// Weights of one layer, 64-byte aligned. Weight [o][i] is the byte
// ((o / 16) * (n_in / 4) + i / 4) * 64 + (o % 16) * 4 + i % 4: what maddubs, VNNI, dot product and
// relaxed dot all read with one load.
struct PackedWeights {
  const std::int8_t* bytes = nullptr;
  std::uint32_t n_out = 0;   // padded: a multiple of outputs_per_block
  std::uint32_t n_in = 0;    // padded: a multiple of inputs_per_group
};

// Rows of a matrix: row r starts at first + r * stride (elements).
template <typename T>
struct Rows {
  T* first = nullptr;
  std::size_t stride = 0;
};

// `n` below counts padded outputs, always a multiple of outputs_per_block.
struct Kernel {
  const char* name;
  // sums[r][o] = initial[o] + sum over i of codes[r][i] * weight[o][i]. Rows of codes are readable
  // up to the padded inputs; what stands there does not matter, since its weights are zero.
  void (*multiply)(Rows<const std::uint8_t> codes, std::uint32_t n_rows,
                   const PackedWeights* weights, const std::int32_t* initial,
                   Rows<std::int32_t> sums);
  // totals[r][i] = base[r][i] + clamp(sums[r][i] >> shift, -32768, 32767), an arithmetic shift by
  // 0 to 31. `totals` may be `base`; a base stride of 0 gives every row the same base.
  void (*round_block)(Rows<const std::int32_t> sums, std::uint8_t shift,
                      Rows<const std::int32_t> base, std::uint32_t n_rows, std::uint32_t n,
                      Rows<std::int32_t> totals);
  // codes[r][i] = clamp(round_half_even(float(totals[r][i]) * multiplier[i]), 0, 127).
  void (*requantise)(Rows<const std::int32_t> totals, const float* multiplier,
                     std::uint32_t n_rows, std::uint32_t n, Rows<std::uint8_t> codes);
  // v = c[r][0] * float(experts[0][r][i]) + c[r][1] * float(experts[1][r][i]) + ..., added in that
  // order; codes[r][i] = clamp(round_half_even(v), 0, 127), and 0 where v is NaN.
  void (*mix)(const Rows<const std::uint8_t>* experts, std::uint32_t n_experts,
              Rows<const float> coefficients, std::uint32_t n_rows, std::uint32_t n,
              Rows<std::uint8_t> codes);
};

extern const Kernel portable_kernel;
#if defined(__x86_64__)
extern const Kernel avx2_kernel;
#endif
#if defined(__wasm_simd128__)
extern const Kernel wasm_simd128_kernel;
#endif

}  // namespace guardrank
