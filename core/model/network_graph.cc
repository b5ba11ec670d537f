// Levels, experts, gates and towers, and the slots in which a tile keeps their codes. A level reads
// the level below and nothing older, so the levels take two regions of slots in turn.
#include "core/base/limits.h"
#include "core/model/network_builder.h"

namespace guardrank {
namespace {

std::uint32_t expert_width(const Level& level, std::uint32_t expert) {
  return level.experts[expert].layers.back().n_out;
}

bool is_mixture(const Gate& gate) { return gate.experts.size() > 1; }

}  // namespace

Slot NetworkBuilder::take_slot(std::uint32_t width, std::uint32_t* offset) const {
  const Slot slot = {*offset, width, code_stride(width + prepared_->fed_width)};
  *offset += slot.stride;
  return slot;
}

// What level_bytes and prepare_level rely on before any layer is looked at.
Status NetworkBuilder::check_level(const Level& level) const {
  if (level.experts.empty() || level.experts.size() > limits::experts_per_level)
    return Status::limit;
  for (const Expert& expert : level.experts) {
    if (expert.layers.empty() || expert.layers.size() > limits::layers ||
        expert.layers.back().n_out > limits::layer_width)
      return Status::limit;
  }
  if (level.gates.size() < model_.heads.size() || level.gates.size() > model_.heads.size() + 1)
    return Status::dimension;
  for (const Gate& gate : level.gates) {
    if (gate.experts.empty() || gate.experts.size() > level.experts.size())
      return Status::dimension;
    for (const std::uint32_t e : gate.experts)
      if (e >= level.experts.size()) return Status::reference;
  }
  return Status::ok;
}

std::uint32_t NetworkBuilder::level_bytes(const Level& level) const {
  std::uint32_t bytes = 0;
  for (std::uint32_t e = 0; e < level.experts.size(); ++e) {
    take_slot(expert_width(level, e), &bytes);
  }
  for (const Gate& gate : level.gates) {
    if (is_mixture(gate)) take_slot(expert_width(level, gate.experts[0]), &bytes);
  }
  return bytes;
}

Status NetworkBuilder::find_output(std::uint32_t l, std::uint32_t owner, Slot* slot) const {
  const std::span<const Gate> gates = model_.levels[l].gates;
  for (std::size_t g = 0; g < gates.size(); ++g) {
    if (gates[g].owner != owner) continue;
    *slot = prepared_->levels[l].gates[g].output;
    return Status::ok;
  }
  return Status::reference;
}

Status NetworkBuilder::prepare_layers(std::span<const Layer> layers, bool reads_x,
                                      std::uint32_t previous, std::span<PreparedLayer>* out) {
  GUARDRANK_TRY(arena_->make(layers.size(), out));
  for (std::size_t k = 0; k < layers.size(); ++k) {
    PreparedLayer* layer = &(*out)[k];
    GUARDRANK_TRY(reads_x && k == 0 ? layer_over_x(layers[k], layer)
                                    : layer_over_codes(layers[k], previous, layer));
    previous = layers[k].n_out;
  }
  return Status::ok;
}

Status NetworkBuilder::prepare_expert(std::uint32_t l, const Expert& expert, PreparedExpert* out) {
  if (l > 0) GUARDRANK_TRY(find_output(l - 1, expert.owner, &out->input));
  GUARDRANK_TRY(prepare_layers(expert.layers, l == 0, out->input.width, &out->layers));
  out->output = take_slot(expert.layers.back().n_out, &slots_end_);
  return Status::ok;
}

Status NetworkBuilder::prepare_gate(std::uint32_t l, const Gate& gate, PreparedGate* out) {
  const std::span<PreparedExpert> experts = prepared_->levels[l].experts;
  GUARDRANK_TRY(arena_->make(gate.experts.size(), &out->experts));
  for (std::size_t e = 0; e < gate.experts.size(); ++e) {
    out->experts[e] = experts[gate.experts[e]].output;
    if (out->experts[e].width != out->experts[0].width) return Status::dimension;
  }
  out->output = out->experts[0];
  if (!is_mixture(gate)) return Status::ok;
  if (gate.layer == nullptr || gate.layer->n_out != gate.experts.size() ||
      gate.expert_multiplier.size() != gate.experts.size())
    return Status::dimension;
  if (l == 0) {
    GUARDRANK_TRY(check_layer(*gate.layer, n_inputs_));
  } else {
    GUARDRANK_TRY(find_output(l - 1, gate.owner, &out->input));
    std::span<PreparedLayer> layer;
    GUARDRANK_TRY(prepare_layers({gate.layer, 1}, false, out->input.width, &layer));
    out->layer = layer.data();
  }
  out->expert_multiplier = gate.expert_multiplier;
  out->output = take_slot(out->experts[0].width, &slots_end_);
  const std::uint32_t n = static_cast<std::uint32_t>(gate.experts.size());
  if (n > prepared_->most_experts) prepared_->most_experts = n;
  return Status::ok;
}

Status NetworkBuilder::stack_some(std::span<const Gate> gates, std::span<PreparedGate> out,
                                  std::size_t first) {
  const Layer* alike[gates_per_mix];
  std::size_t n = 0;
  std::span<PreparedLayer> layer;
  GUARDRANK_TRY(arena_->make(1, &layer));
  std::uint32_t column = 0;
  for (std::size_t g = first; g < out.size(); ++g) {
    const Layer& other = *gates[g].layer;
    if (out[g].layer != nullptr || other.input_shift != gates[first].layer->input_shift) continue;
    if (column + other.n_out > limits::layer_width) continue;
    out[g].layer = layer.data();
    out[g].column = column;
    column += other.n_out;
    alike[n++] = &other;
  }
  Layer joined;
  GUARDRANK_TRY(join_layers({alike, n}, &joined));
  GUARDRANK_TRY(layer_over_x(joined, layer.data()));
  out[first].n_sharing = static_cast<std::uint32_t>(n);
  return n == 1 ? Status::ok : place_multipliers(out.subspan(first));
}

Status NetworkBuilder::place_multipliers(std::span<PreparedGate> gates) {
  PreparedGate& first = gates[0];
  const std::size_t n_experts = first.experts.size();
  GUARDRANK_TRY(arena_->make(n_experts * rows_per_step, &first.multiplier_by_gate));
  GUARDRANK_TRY(arena_->make(n_experts * rows_per_step, &first.expert_multiplier_by_gate));
  std::size_t row = 0;
  for (const PreparedGate& gate : gates) {
    if (gate.layer != first.layer) continue;
    for (std::size_t e = 0; e < n_experts; ++e) {
      first.multiplier_by_gate[e * rows_per_step + row] = gate.layer->multiplier[gate.column + e];
      first.expert_multiplier_by_gate[e * rows_per_step + row] = gate.expert_multiplier[e];
    }
    ++row;
  }
  return Status::ok;
}

Status NetworkBuilder::stack_gates(std::span<const Gate> gates, std::span<PreparedGate> out) {
  for (std::size_t first = 0, n = 0; first < gates.size(); first += n) {
    n = 1;
    if (!is_mixture(gates[first])) continue;
    n = count_alike(out.subspan(first));
    const std::span<const Gate> some = gates.subspan(first, n);
    for (std::size_t g = 0; g < n; ++g) {
      if (out[first + g].layer != nullptr) continue;
      GUARDRANK_TRY(stack_some(some, out.subspan(first, n), g));
    }
  }
  return Status::ok;
}

Status NetworkBuilder::prepare_level(std::uint32_t l, std::uint32_t offset) {
  const Level& level = model_.levels[l];
  PreparedLevel& out = prepared_->levels[l];
  slots_end_ = offset;
  GUARDRANK_TRY(arena_->make(level.experts.size(), &out.experts));
  GUARDRANK_TRY(arena_->make(level.gates.size(), &out.gates));
  for (std::size_t e = 0; e < level.experts.size(); ++e) {
    GUARDRANK_TRY(prepare_expert(l, level.experts[e], &out.experts[e]));
  }
  for (std::size_t g = 0; g < level.gates.size(); ++g) {
    GUARDRANK_TRY(prepare_gate(l, level.gates[g], &out.gates[g]));
  }
  return l == 0 ? stack_gates(level.gates, out.gates) : Status::ok;
}

Status NetworkBuilder::prepare_levels() {
  if (model_.levels.size() > limits::levels || model_.heads.empty() ||
      model_.heads.size() > limits::heads || prepared_->fed_width > limits::layer_width)
    return Status::limit;
  std::uint32_t regions[2] = {0, 0};
  for (std::uint32_t l = 0; l < model_.levels.size(); ++l) {
    GUARDRANK_TRY(check_level(model_.levels[l]));
    const std::uint32_t bytes = level_bytes(model_.levels[l]);
    if (bytes > regions[l % 2]) regions[l % 2] = bytes;
  }
  GUARDRANK_TRY(arena_->make(model_.levels.size(), &prepared_->levels));
  for (std::uint32_t l = 0; l < model_.levels.size(); ++l) {
    GUARDRANK_TRY(prepare_level(l, l % 2 == 0 ? 0 : regions[0]));
  }
  prepared_->activation_bytes = regions[0] + regions[1];
  return Status::ok;
}

Status NetworkBuilder::prepare_towers() {
  GUARDRANK_TRY(arena_->make(model_.heads.size(), &prepared_->towers));
  const bool reads_x = model_.levels.empty();
  for (std::uint32_t h = 0; h < model_.heads.size(); ++h) {
    const Head& head = model_.heads[h];
    PreparedTower& tower = prepared_->towers[h];
    if (head.tower.empty() || head.tower.size() > limits::layers || head.tower.back().n_out != 1)
      return Status::dimension;
    if (!reads_x) {
      const auto last = static_cast<std::uint32_t>(model_.levels.size() - 1);
      GUARDRANK_TRY(find_output(last, h, &tower.input));
    }
    GUARDRANK_TRY(prepare_layers(head.tower, reads_x, tower.input.width, &tower.layers));
  }
  for (Slot& slot : prepared_->hidden) {
    slot = take_slot(prepared_->widest, &prepared_->activation_bytes);
  }
  return Status::ok;
}

}  // namespace guardrank
