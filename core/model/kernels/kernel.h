// The inner loops, one file per instruction set. Kernel files include this header, the shared loops
// and intrinsics only, and leave no function that another file could share: an AVX-512 copy of such
// a function must never be the one that a plain machine runs.
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
// Coefficients of a gate are padded to whole steps of rows.
inline constexpr std::uint32_t rows_per_step = 16;

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

// Rows that will be read, to be asked for a few cache lines at a time while something else is being
// computed.
struct Ahead {
  const std::int16_t* const* rows = nullptr;   // null where there is nothing to ask for
  std::uint32_t n_rows = 0;
  std::uint32_t lines_per_row = 0;
  std::uint32_t lines_at_once = 0;
  std::uint32_t row = 0, line = 0;             // how far it is
};

// One block of columns of one layer over some rows, from codes to totals or to the next codes:
//   sum[r][o] = initial[o] + sum over i of codes[r][i] * weight[o][i]
//   total[r][o] = rounds ? base[r][o] + clamp(sum[r][o] >> shift, -32768, 32767) : sum[r][o]
//   requantised[r][o] = clamp(round_half_even(float(total[r][o]) * multiplier[o]), 0, 127)
// for all padded outputs o. The shift is arithmetic, by 0 to 31.
struct LayerTask {
  // Readable up to the padded inputs; what stands there does not matter, since its weights are 0.
  Rows<const std::uint8_t> codes;
  std::uint32_t n_rows = 0;
  const PackedWeights* weights = nullptr;
  const std::int32_t* initial = nullptr;
  bool rounds = false;
  bool may_saturate = true;            // false: the weights are known to keep within int16
  std::uint8_t shift = 0;
  Rows<const std::int32_t> base;       // stride 0: the same for every row; may be `totals`
  const float* multiplier = nullptr;   // null: the totals are wanted, else the codes
  // Whether no total leaves int32 and no product with a multiplier 2^22, so that codes may be clamped
  // after rounding, and rounded by adding 1.5 * 2^23.
  bool is_calm = false;
  // Null, or what gives the same codes in fewer steps, where all rows share a base and no number on
  // the way leaves int32 or becomes denormal:
  //   start[o] = initial[o] + (base[o] << shift), scaled_multiplier[o] = multiplier[o] * 2^-shift,
  //   and the sum from `start` with its low `shift` bits cleared, which is total[r][o] << shift.
  const std::int32_t* start = nullptr;
  const float* scaled_multiplier = nullptr;
  Ahead* ahead = nullptr;              // may be used or not
  Rows<std::int32_t> totals;
  Rows<std::uint8_t> requantised;
};

// What `LayerTask` says with int16 sums in place of sum >> shift, one address per row.
struct KeptSumsTask {
  const std::int16_t* const* sums = nullptr;   // by row, from the layer's first output
  std::uint32_t first_output = 0;              // of the layer within each row's sums
  std::uint32_t n_rows = 0;
  std::uint32_t n_out = 0;                     // padded
  const std::int32_t* base = nullptr;          // the same for every row
  const float* multiplier = nullptr;
  Rows<std::int32_t> totals;
  Rows<std::uint8_t> requantised;
  bool is_calm = false;                        // as in LayerTask
};

// A gate's softmax. With g[e] = float(totals[r][e]) * multiplier[e] and m the largest g,
//   a[e] = deterministic_exp(g[e] - m), coefficient[e][r] = a[e] / sum of a * expert_multiplier[e]
// with the sum taken in order. Totals are readable up to a whole number of eights. Coefficients stand
// by expert: row r of expert e is coefficients.first[e * coefficients.stride + r], with room for n_rows
// padded to rows_per_step.
// A row of several gates may be given as so many rows: where `factor_stride` is not 0, both multipliers
// stand by row as coefficients do, readable for rows_per_step of them.
struct SoftmaxTask {
  Rows<const std::int32_t> totals;
  const float* multiplier = nullptr;
  const float* expert_multiplier = nullptr;
  std::uint32_t n_experts = 0;
  std::uint32_t n_rows = 0;
  Rows<float> coefficients;
  std::size_t factor_stride = 0;
};

// The mixtures of gates over the same experts: v = c[0] * float(q_0[r][i]) + c[1] * float(q_1[r][i])
// + ..., added in that order; codes[r][i] = clamp(round_half_even(v), 0, 127), 0 where v is NaN.
struct MixTask {
  const Rows<const std::uint8_t>* experts = nullptr;
  std::uint32_t n_experts = 0;
  const Rows<const float>* coefficients = nullptr;  // by gate, each as SoftmaxTask leaves them
  const Rows<std::uint8_t>* codes = nullptr;        // by gate
  std::uint32_t n_gates = 0;
  std::uint32_t n_rows = 0;
  std::uint32_t n = 0;                 // outputs, a multiple of outputs_per_block
};

// Dense inputs to codes: codes[i * stride] = clamp(round_half_even(values[i] / scale) + zero_point,
// 0, 127); the least where the ratio is NaN.
struct QuantiseTask {
  const float* values = nullptr;
  std::uint32_t n = 0;
  float scale = 1;
  std::uint8_t zero_point = 0;
  std::uint8_t* codes = nullptr;
  std::size_t stride = 1;
};

// Columns of dense inputs that stand side by side, as QuantiseTask does each: codes[row * stride +
// column] of value `row` of the column. 0 where a column has no values.
inline constexpr std::uint32_t columns_at_once = 16;
struct QuantisedColumn {
  const float* values = nullptr;
  float scale = 1;
  std::uint8_t zero_point = 0;
};
struct QuantiseColumnsTask {
  QuantisedColumn columns[columns_at_once];
  std::uint32_t n_rows = 0;
  std::uint8_t* codes = nullptr;
  std::size_t stride = 0;
};

struct Kernel {
  const char* name;
  void (*run_layer)(const LayerTask* task);
  void (*add_kept_sums)(const KeptSumsTask* task);
  void (*softmax)(const SoftmaxTask* task);
  void (*mix)(const MixTask* task);
  void (*quantise)(const QuantiseTask* task);
  bool folds = false;   // whether it makes use of LayerTask's `start`
  // Null where it would be no faster than one column after another.
  void (*quantise_columns)(const QuantiseColumnsTask* task) = nullptr;
};

extern const Kernel portable_kernel;
#if defined(__x86_64__)
extern const Kernel ssse3_kernel, avx2_kernel, avx_vnni_kernel, avx512_vnni_kernel;
#endif
#if defined(__aarch64__)
extern const Kernel neon_kernel, neon_dot_kernel;
#endif
#if defined(__wasm_simd128__)
extern const Kernel wasm_simd128_kernel;
#endif
#if defined(__wasm_relaxed_simd__)
extern const Kernel wasm_relaxed_dot_kernel, wasm_relaxed_pairs_kernel;
bool wasm_relaxed_saturates();   // whether the host multiplies in pairs: the second is the quicker one there
#endif

}  // namespace guardrank
