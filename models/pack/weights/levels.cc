// "levels" of model.json: experts and gates, and the sizes of their layers.
#include <algorithm>

#include "core/base/limits.h"
#include "models/pack/pack_error.h"
#include "models/pack/weights/model_json.h"

namespace guardrank::pack {
namespace {

constexpr std::string_view shared_name = "shared";

std::uint32_t read_owner(const JsonNode& node, const TrainedModel& model) {
  const std::string_view name = node.text();
  if (name == shared_name) return shared_owner;
  for (std::size_t i = 0; i < model.heads.size(); ++i) {
    if (model.heads[i].head.name == name) return static_cast<std::uint32_t>(i);
  }
  node.wanted("the name of a head, or shared");
}

// Columns that a reader for `owner` at level `depth` finds before the fed ones; x at level 0.
std::uint32_t previous_width(const JsonNode& node, const TrainedModel& model, std::size_t depth,
                             std::uint32_t owner) {
  if (depth == 0) return 0;
  const TrainedLevel& below = model.levels[depth - 1];
  const std::size_t gate = below.gate_of(owner);
  if (gate == SIZE_MAX)
    node.refuse("is shared and reads gate \"shared\" of the level below, which has none");
  return below.width(below.gates[gate]);
}

FloatLayer sized_layer(const JsonNode& node, const TrainedModel& model, bool reads_x,
                       std::uint32_t previous, std::uint32_t n_out) {
  FloatLayer layer;
  layer.reads_x = reads_x;
  layer.n_out = n_out;
  layer.n_in = reads_x ? model.n_inputs : previous + model.n_fed;
  if (layer.n_in > limits::layer_width)
    throw PackError(Status::limit, node.where(),
                    "wanted layers of at most " + std::to_string(limits::layer_width) +
                        " inputs, found " + std::to_string(layer.n_in));
  return layer;
}

TrainedExpert read_expert(const JsonNode& node, const TrainedModel& model, std::size_t depth) {
  node.allow({"name", "layers", "for"});
  TrainedExpert expert;
  expert.name = node.at("name").name();
  if (const auto owner = node.maybe("for")) expert.owner = read_owner(*owner, model);
  std::uint32_t previous = previous_width(node, model, depth, expert.owner);
  for (const JsonNode& item : node.at("layers").items(limits::layers)) {
    const std::uint32_t n_out = item.natural(1, limits::layer_width);
    const bool reads_x = depth == 0 && expert.layers.empty();
    expert.layers.push_back(sized_layer(item, model, reads_x, previous, n_out));
    previous = n_out;
  }
  if (expert.layers.empty()) node.at("layers").refuse("wanted at least one layer");
  return expert;
}

void read_experts(const JsonNode& node, const TrainedModel& model, std::size_t depth,
                  TrainedLevel* level) {
  for (const JsonNode& item : node.items(limits::experts_per_level)) {
    level->experts.push_back(read_expert(item, model, depth));
    for (std::size_t i = 0; i + 1 < level->experts.size(); ++i) {
      if (level->experts[i].name == level->experts.back().name)
        item.at("name").refuse("\"" + level->experts[i].name + "\" stands twice in its level");
    }
  }
  if (level->experts.empty()) node.refuse("wanted at least one expert");
}

std::uint32_t find_expert(const JsonNode& node, const TrainedLevel& level) {
  for (std::size_t i = 0; i < level.experts.size(); ++i) {
    if (level.experts[i].name == node.text()) return static_cast<std::uint32_t>(i);
  }
  node.wanted("the name of an expert of this level");
}

void read_gate_experts(const JsonNode& node, const TrainedLevel& level, TrainedGate* gate) {
  for (const JsonNode& item : node.items(limits::experts_per_level)) {
    const std::uint32_t expert = find_expert(item, level);
    if (std::find(gate->experts.begin(), gate->experts.end(), expert) != gate->experts.end())
      item.refuse("stands twice in its gate");
    gate->experts.push_back(expert);
    const std::uint32_t width = level.experts[gate->experts[0]].layers.back().n_out;
    if (level.experts[expert].layers.back().n_out != width)
      item.refuse("ends " + std::to_string(level.experts[expert].layers.back().n_out) +
                  " wide, the gate's first expert " + std::to_string(width));
  }
  if (gate->experts.empty()) node.refuse("wanted at least one expert");
}

TrainedGate read_gate(const JsonNode& node, const TrainedModel& model, std::size_t depth,
                      const TrainedLevel& level) {
  node.allow({"head", "experts"});
  TrainedGate gate;
  gate.owner = read_owner(node.at("head"), model);
  read_gate_experts(node.at("experts"), level, &gate);
  if (gate.owner == shared_owner && gate.experts.size() != level.experts.size())
    node.at("experts").refuse("the shared gate mixes all experts of its level");
  if (gate.experts.size() > 1) {
    const std::uint32_t previous = previous_width(node, model, depth, gate.owner);
    gate.layer = sized_layer(node, model, depth == 0, previous,
                             static_cast<std::uint32_t>(gate.experts.size()));
  }
  return gate;
}

// One gate per head, in head order whatever the document's, then the shared one.
void read_gates(const JsonNode& node, const TrainedModel& model, std::size_t depth,
                TrainedLevel* level) {
  for (const JsonNode& item : node.items(limits::heads + 1)) {
    TrainedGate gate = read_gate(item, model, depth, *level);
    for (const TrainedGate& other : level->gates) {
      if (other.owner == gate.owner) item.at("head").refuse("has two gates in its level");
    }
    level->gates.push_back(std::move(gate));
  }
  std::sort(level->gates.begin(), level->gates.end(),
            [](const TrainedGate& a, const TrainedGate& b) { return a.owner < b.owner; });
  for (std::size_t i = 0; i < model.heads.size(); ++i) {
    if (level->gate_of(static_cast<std::uint32_t>(i)) == SIZE_MAX)
      node.refuse("no gate for head \"" + std::string(model.heads[i].head.name) + "\"");
  }
}

bool has_shared_expert(const TrainedLevel& level) {
  return std::any_of(level.experts.begin(), level.experts.end(),
                     [](const TrainedExpert& e) { return e.owner == shared_owner; });
}

// The last level never has a shared gate; another has one exactly when the next has shared experts.
void check_shared_gates(const std::vector<JsonNode>& nodes, const TrainedModel& model) {
  for (std::size_t l = 0; l < model.levels.size(); ++l) {
    const bool is_wanted = l + 1 < model.levels.size() && has_shared_expert(model.levels[l + 1]);
    const bool is_there = model.levels[l].gate_of(shared_owner) != SIZE_MAX;
    if (is_there && !is_wanted)
      nodes[l].at("gates").refuse(
          "has a gate \"shared\", but no shared expert of a next level reads it");
  }
}

}  // namespace

std::size_t TrainedLevel::gate_of(std::uint32_t owner) const {
  for (std::size_t i = 0; i < gates.size(); ++i) {
    if (gates[i].owner == owner) return i;
  }
  return SIZE_MAX;
}

void read_levels(const JsonNode& node, TrainedModel* model) {
  const std::vector<JsonNode> items = node.items(limits::levels);
  for (const JsonNode& item : items) {
    item.allow({"experts", "gates"});
    TrainedLevel level;
    const std::size_t depth = model->levels.size();
    read_experts(item.at("experts"), *model, depth, &level);
    read_gates(item.at("gates"), *model, depth, &level);
    model->levels.push_back(std::move(level));
  }
  check_shared_gates(items, *model);
}

void size_towers(TrainedModel* model) {
  for (std::size_t h = 0; h < model->heads.size(); ++h) {
    TrainedHead& head = model->heads[h];
    std::uint32_t previous = 0;
    if (!model->levels.empty()) {
      const TrainedLevel& last = model->levels.back();
      previous = last.width(last.gates[last.gate_of(static_cast<std::uint32_t>(h))]);
    }
    for (std::size_t k = 0; k < head.tower.size(); ++k) {
      FloatLayer& layer = head.tower[k];
      layer.reads_x = k == 0 && model->levels.empty();
      layer.n_in = layer.reads_x ? model->n_inputs : previous + model->n_fed;
      previous = layer.n_out;
      if (layer.n_in > limits::layer_width)
        throw PackError(Status::limit, "model.json: heads[" + std::to_string(h) + "].tower",
                        "wanted layers of at most " + std::to_string(limits::layer_width) +
                            " inputs, found " + std::to_string(layer.n_in));
    }
  }
}

}  // namespace guardrank::pack
