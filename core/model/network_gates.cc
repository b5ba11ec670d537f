// Gates: a softmax over experts in float, and the mixture requantised.
#include "core/model/prepared_network.h"

namespace guardrank {
namespace {

// Coefficients of a tile for one of the gates that are mixed together, by expert.
Rows<float> coefficient_rows(const NetworkPlan& plan, const Tile& tile, std::size_t gate) {
  const std::size_t stride = padded_rows(tile.rows);
  return {tile.coefficients + gate * stride * plan.prepared->most_experts, stride};
}

SoftmaxTask softmax_of(const PreparedGate& gate, Rows<const std::int32_t> totals,
                       Rows<float> coefficients) {
  SoftmaxTask task;
  task.totals = {totals.first + gate.column, totals.stride};
  task.multiplier = gate.layer->multiplier + gate.column;
  task.expert_multiplier = gate.expert_multiplier.data();
  task.n_experts = static_cast<std::uint32_t>(gate.experts.size());
  task.coefficients = coefficients;
  return task;
}

// Of one row, the gates that share a layer as if they were rows: a step of rows takes as long as one.
SoftmaxTask softmax_of_gates(const PreparedGate& first, Rows<const std::int32_t> totals,
                             Rows<float> coefficients) {
  SoftmaxTask task = softmax_of(first, totals, coefficients);
  task.totals.stride = task.n_experts;
  task.multiplier = first.multiplier_by_gate.data();
  task.expert_multiplier = first.expert_multiplier_by_gate.data();
  task.factor_stride = rows_per_step;
  task.n_rows = first.n_sharing;
  return task;
}

bool has_same_experts(const PreparedGate& a, const PreparedGate& b) {
  if (a.experts.size() != b.experts.size()) return false;
  for (std::size_t e = 0; e < a.experts.size(); ++e) {
    if (a.experts[e].offset != b.experts[e].offset) return false;
  }
  return true;
}

// The softmax of all gates, those that share a layer with one reading of it.
void find_coefficients(const NetworkPlan& plan, std::span<const PreparedGate> gates,
                       const Tile& tile, Rows<const float>* coefficients) {
  for (std::size_t f = 0; f < gates.size(); ++f) {
    const PreparedGate& first = gates[f];
    if (first.column != 0) continue;
    const Rows<const std::int32_t> totals = layer_totals(plan, *first.layer, first.input, tile);
    const Rows<float> shared = coefficient_rows(plan, tile, f);
    const bool at_once = tile.n == 1 && first.n_sharing > 1;
    if (at_once) {
      const SoftmaxTask task = softmax_of_gates(first, totals, shared);
      plan.kernel->softmax(&task);
    }
    for (std::size_t g = f, n_before = 0; g < gates.size(); ++g) {
      if (gates[g].layer != first.layer) continue;
      const Rows<float> own = at_once ? Rows<float>{shared.first + n_before++, shared.stride}
                                      : coefficient_rows(plan, tile, g);
      coefficients[g] = {own.first, own.stride};
      if (at_once) continue;
      SoftmaxTask task = softmax_of(gates[g], totals, own);
      task.n_rows = tile.n;
      plan.kernel->softmax(&task);
    }
  }
}

void mix_gates(const NetworkPlan& plan, std::span<const PreparedGate> gates, const Tile& tile) {
  Rows<const float> coefficients[gates_per_mix];
  find_coefficients(plan, gates, tile, coefficients);
  Rows<std::uint8_t> codes[gates_per_mix];
  for (std::size_t g = 0; g < gates.size(); ++g) codes[g] = slot_rows(tile, gates[g].output);
  const std::span<const Slot> experts = gates[0].experts;
  for (std::size_t e = 0; e < experts.size(); ++e) tile.experts[e] = read_rows(tile, experts[e]);
  MixTask task;
  task.experts = tile.experts;
  task.n_experts = static_cast<std::uint32_t>(experts.size());
  task.coefficients = coefficients;
  task.codes = codes;
  task.n_gates = static_cast<std::uint32_t>(gates.size());
  task.n_rows = tile.n;
  task.n = padded_outputs(gates[0].output.width);
  plan.kernel->mix(&task);
  for (const PreparedGate& gate : gates) append_fed(plan, gate.output, tile);
}

}  // namespace

std::size_t count_alike(std::span<const PreparedGate> gates) {
  std::size_t n = 1;
  while (n < gates.size() && n < gates_per_mix && has_same_experts(gates[0], gates[n])) ++n;
  return n;
}

void run_gates(const NetworkPlan& plan, const PreparedLevel& level, const Tile& tile) {
  std::span<const PreparedGate> gates = level.gates;
  while (!gates.empty()) {
    if (gates[0].layer == nullptr) {
      gates = gates.subspan(1);
      continue;
    }
    const std::size_t n = count_alike(gates);
    mix_gates(plan, gates.first(n), tile);
    gates = gates.subspan(n);
  }
}

}  // namespace guardrank
