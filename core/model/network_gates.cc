// Gates: a softmax over experts in float, and the mixture requantised.
#include "core/model/prepared_network.h"

namespace guardrank {
namespace {

// Coefficients of the tile, by expert.
Rows<float> coefficient_rows(const Tile& tile) {
  return {tile.coefficients, padded_rows(tile.rows)};
}

void find_coefficients(const NetworkPlan& plan, const PreparedGate& gate, const Tile& tile) {
  SoftmaxTask task;
  task.totals = layer_totals(plan, *gate.layer, gate.input, tile);
  task.multiplier = gate.layer->multiplier;
  task.expert_multiplier = gate.expert_multiplier.data();
  task.n_experts = static_cast<std::uint32_t>(gate.experts.size());
  task.n_rows = tile.n;
  task.coefficients = coefficient_rows(tile);
  plan.kernel->softmax(&task);
}

}  // namespace

void run_gate(const NetworkPlan& plan, const PreparedGate& gate, const Tile& tile) {
  if (gate.layer == nullptr) return;
  find_coefficients(plan, gate, tile);
  for (std::size_t e = 0; e < gate.experts.size(); ++e) {
    tile.experts[e] = read_rows(tile, gate.experts[e]);
  }
  const Rows<float> coefficients = coefficient_rows(tile);
  MixTask task;
  task.experts = tile.experts;
  task.n_experts = static_cast<std::uint32_t>(gate.experts.size());
  task.coefficients = {coefficients.first, coefficients.stride};
  task.n_rows = tile.n;
  task.n = padded_outputs(gate.output.width);
  task.codes = slot_rows(tile, gate.output);
  plan.kernel->mix(&task);
  append_fed(plan, gate.output, tile);
}

}  // namespace guardrank
