// Runs whose answers are known, for hosts that may offer an instruction and get it wrong: engines were seen to
// give wrong sums for WebAssembly's relaxed dot product (V8 11.3), and wrong bytes for its swizzle on a processor
// without AVX (the same, before it has compiled the module with all optimisations).
#include "core/model/known_answer.h"

namespace guardrank {
namespace {

constexpr std::uint32_t n_in = 36, n_rows = 5, n_out = outputs_per_block;

// The ends of both ranges and what lies between, no two rows or outputs alike.
constexpr std::uint8_t code_at(std::uint32_t row, std::uint32_t i) {
  if (row == 0) return 127;
  return static_cast<std::uint8_t>((row * 37 + i * 53) % 128);
}
constexpr std::int32_t weight_at(std::uint32_t o, std::uint32_t i) {
  if (o == 0) return -128;
  if (o == 1) return 127;
  return static_cast<std::int32_t>((o * 71 + i * 29) % 256) - 128;
}

bool multiplies_rightly(const Kernel& kernel) {
  alignas(64) std::uint8_t codes[n_rows * n_in];
  alignas(64) std::int8_t weights[n_out * n_in];
  std::int32_t initial[n_out], totals[n_rows * n_out];
  for (std::uint32_t at = 0; at < n_rows * n_in; ++at) codes[at] = code_at(at / n_in, at % n_in);
  for (std::uint32_t at = 0; at < n_out * n_in; ++at) {
    weights[at] = static_cast<std::int8_t>(weight_at(at % 64 / 4, at / 64 * 4 + at % 4));
  }
  for (std::uint32_t o = 0; o < n_out; ++o) initial[o] = static_cast<std::int32_t>(o) - 7;
  const PackedWeights packed = {weights, n_out, n_in};
  LayerTask task;
  task.codes = {codes, n_in};
  task.n_rows = n_rows;
  task.weights = &packed;
  task.initial = initial;
  task.totals = {totals, n_out};
  kernel.run_layer(&task);
  bool is_right = true;
  for (std::uint32_t at = 0; at < n_rows * n_out; ++at) {
    const std::uint32_t row = at / n_out, o = at % n_out;
    std::int32_t wanted = static_cast<std::int32_t>(o) - 7;
    for (std::uint32_t i = 0; i < n_in; ++i) wanted += code_at(row, i) * weight_at(o, i);
    is_right = is_right && totals[at] == wanted;
  }
  return is_right;
}

// Two experts of which a half and a quarter are whole numbers, so that nothing is rounded.
bool mixes_rightly(const Kernel& kernel) {
  constexpr std::uint32_t n_experts = 2;
  alignas(64) std::uint8_t codes[n_experts][n_out], mixed[n_out];
  Rows<const std::uint8_t> experts[n_experts];
  for (std::uint32_t e = 0; e < n_experts; ++e) {
    for (std::uint32_t o = 0; o < n_out; ++o) codes[e][o] = static_cast<std::uint8_t>(code_at(e + 1, o) & ~3u);
    experts[e] = {codes[e], n_out};
  }
  alignas(64) float coefficients[n_experts * rows_per_step] = {};
  coefficients[0] = 0.5f;
  coefficients[rows_per_step] = 0.25f;
  const Rows<const float> by_expert = {coefficients, rows_per_step};
  const Rows<std::uint8_t> made = {mixed, n_out};
  MixTask task;
  task.experts = experts;
  task.n_experts = n_experts;
  task.coefficients = &by_expert;
  task.codes = &made;
  task.n_gates = 1;
  task.n_rows = 1;
  task.n = n_out;
  kernel.mix(&task);
  bool is_right = true;
  for (std::uint32_t o = 0; o < n_out; ++o)
    is_right = is_right && mixed[o] == codes[0][o] / 2 + codes[1][o] / 4;
  return is_right;
}

}  // namespace

bool answers_rightly(const Kernel& kernel) { return multiplies_rightly(kernel) && mixes_rightly(kernel); }

}  // namespace guardrank
