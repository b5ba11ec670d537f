// A run whose answer is known, for hosts that may offer an instruction and get it wrong: an engine
// was seen to give wrong sums for WebAssembly's relaxed dot product.
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

}  // namespace

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

}  // namespace guardrank
