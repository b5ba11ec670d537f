// Gates: a softmax over experts in float, and the mixture requantised.
#include "core/base/math.h"
#include "core/model/prepared_network.h"

namespace guardrank {
namespace {

// c of README.md for one row; the order of the additions is part of the arithmetic.
void gate_coefficients(const std::int32_t* totals, const float* multiplier,
                       std::span<const float> expert_multiplier, float* coefficients) {
  const std::size_t n = expert_multiplier.size();
  for (std::size_t e = 0; e < n; ++e) {
    coefficients[e] = static_cast<float>(totals[e]) * multiplier[e];
  }
  float most = coefficients[0];
  for (std::size_t e = 1; e < n; ++e) most = coefficients[e] > most ? coefficients[e] : most;
  float total = 0.0f;
  for (std::size_t e = 0; e < n; ++e) {
    coefficients[e] = deterministic_exp(coefficients[e] - most);
    total += coefficients[e];
  }
  for (std::size_t e = 0; e < n; ++e) {
    coefficients[e] = coefficients[e] / total * expert_multiplier[e];
  }
}

}  // namespace

void run_gate(const NetworkPlan& plan, const PreparedGate& gate, const Tile& tile) {
  if (gate.layer == nullptr) return;
  const Rows<const std::int32_t> totals = layer_totals(plan, *gate.layer, gate.input, tile);
  const std::size_t stride = plan.prepared->most_experts;
  for (std::uint32_t row = 0; row < tile.n; ++row) {
    gate_coefficients(totals.first + row * totals.stride, gate.layer->multiplier,
                      gate.expert_multiplier, tile.coefficients + row * stride);
  }
  for (std::size_t e = 0; e < gate.experts.size(); ++e) {
    tile.experts[e] = read_rows(tile, gate.experts[e]);
  }
  plan.kernel->mix(tile.experts, static_cast<std::uint32_t>(gate.experts.size()),
                   {tile.coefficients, stride}, tile.n, padded_outputs(gate.output.width),
                   slot_rows(tile, gate.output));
  append_fed(plan, gate.output, tile);
}

}  // namespace guardrank
