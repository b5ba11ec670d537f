#include "core/artifact/model_reader.h"

namespace guardrank {
namespace {

constexpr Bounds widths = bounds::some(limits::layer_width, Status::dimension);
constexpr Bounds n_values = bounds::at_most(limits::layer_width);
constexpr Bounds shifts = bounds::within(0, 16);
// Sums of 16,384 products of u7 and s8 stay under 2^28, so that with a bias of at most 2^30 no
// int32 accumulator overflows.
constexpr Bounds biases = bounds::within(Bounds::symmetric, 1 << 30, Status::limit);

constexpr Member layer_members[] = {
    GUARDRANK_MEMBER(Layer, n_out, VT_N_OUT, Layer, n_out, {.bounds = &widths}),
    GUARDRANK_MEMBER(Layer, n_in, VT_N_IN, Layer, n_in, {.bounds = &widths}),
    GUARDRANK_MEMBER(Layer, input_shift, VT_INPUT_SHIFT, Layer, input_shift, {.bounds = &shifts}),
    GUARDRANK_MEMBER(Layer, bias, VT_BIAS, Layer, bias, {.bounds = &n_values, .each = &biases}),
    GUARDRANK_MEMBER(Layer, multiplier, VT_MULTIPLIER, Layer, multiplier,
                     {.bounds = &n_values, .each = &bounds::finite}),
    GUARDRANK_UNREAD(Layer, weights_offset, VT_WEIGHTS_OFFSET, {.offset = to_raw_offset}),
};

Status finish_layer(ModelReader* reader, Layer* layer) {
  if (layer->bias.size() != layer->n_out)
    return reader->wanted(Status::dimension, "bias", layer->n_out, "", layer->bias.size());
  if (layer->multiplier.size() != layer->n_out)
    return reader->wanted(Status::dimension, "multiplier", layer->n_out, "",
                          layer->multiplier.size());
  const std::uint8_t* weights = nullptr;
  GUARDRANK_TRY(reader->read_raw(&reader->weights, "weights", reader->raw_offset, layer->n_out,
                                 layer->n_in, &weights));
  layer->weights = reinterpret_cast<const std::int8_t*>(weights);
  return Status::ok;
}

constexpr Bounds n_layers = bounds::some(limits::layers, Status::dimension);
constexpr Member expert_members[] = {
    GUARDRANK_MEMBER(Expert, name, VT_NAME, Expert, name,
                     {.bounds = &bounds::name, .is_label = true}),
    GUARDRANK_MEMBER(Expert, owner, VT_OWNER, Expert, owner),
    GUARDRANK_MEMBER(Expert, layers, VT_LAYERS, Expert, layers,
                     {.bounds = &n_layers, .child = &layer_table}),
};
constexpr Expert blank_expert{};
constexpr Table expert_table = table_of<expert_members>({
    .n_bytes = sizeof(Expert),
    .blank = &blank_expert,
    .duplicate = Status::reference});

constexpr Bounds n_mixed = bounds::at_most(limits::experts_per_level);
constexpr Member gate_members[] = {
    GUARDRANK_MEMBER(Gate, owner, VT_OWNER, Gate, owner),
    GUARDRANK_MEMBER(Gate, experts, VT_EXPERTS, Gate, experts, {.bounds = &n_mixed}),
    GUARDRANK_MEMBER(Gate, layer, VT_LAYER, Gate, layer, {.child = &layer_table}),
    GUARDRANK_MEMBER(Gate, expert_multiplier, VT_EXPERT_MULTIPLIER, Gate, expert_multiplier,
                     {.bounds = &n_mixed}),
};
constexpr Gate blank_gate{};
constexpr Table gate_table = table_of<gate_members>({
    .n_bytes = sizeof(Gate),
    .blank = &blank_gate});

constexpr Bounds n_experts = bounds::some(limits::experts_per_level, Status::dimension);
constexpr Bounds n_gates = bounds::at_most(limits::heads + 1);
constexpr Member level_members[] = {
    GUARDRANK_MEMBER(Level, experts, VT_EXPERTS, Level, experts,
                     {.bounds = &n_experts, .child = &expert_table}),
    GUARDRANK_MEMBER(Level, gates, VT_GATES, Level, gates,
                     {.bounds = &n_gates, .child = &gate_table}),
};

// What the experts, gates and towers of one level read: x, or the gates of the level below.
struct Graph {
  ModelReader* reader;
  std::size_t n_heads;
  bool reads_x = true;
  bool has_shared_below = false;
  // Widths of the gates below and of this level, by head, then the shared one.
  std::array<std::uint32_t, limits::heads + 1> below{}, widths{};

  Status check_owner(std::uint32_t owner);
  Status check_layer(const Layer& layer, std::uint32_t owner, std::uint32_t previous);
  Status check_layers(const char* name, std::span<const Layer> layers, std::uint32_t owner);
  Status check_experts(const Level& level);
  Status check_mixed(const Level& level, const Gate& gate, std::uint32_t* width);
  Status check_gate(const Level& level, const Gate& gate, std::size_t index);
  Status check_level(const Level& level, const Level* next);
  std::size_t slot_of(std::uint32_t owner) const { return owner == shared_owner ? n_heads : owner; }
};

// A head, or the shared gate of the level below.
Status Graph::check_owner(std::uint32_t owner) {
  if (owner != shared_owner && owner >= n_heads)
    return reader->fail(Status::reference, "owner", "no head ", owner);
  if (owner == shared_owner && !reads_x && !has_shared_below)
    return reader->fail(Status::reference, nullptr, "no shared gate one level below");
  return Status::ok;
}

// `previous`: outputs of the layer before; 0 for a first layer, which reads what its owner does.
Status Graph::check_layer(const Layer& layer, std::uint32_t owner, std::uint32_t previous) {
  const bool is_first = previous == 0;
  if (is_first && !reads_x) previous = below[slot_of(owner)];
  const std::uint32_t n_in =
      is_first && reads_x ? reader->total_inputs : previous + reader->fed_inputs;
  if (layer.n_in != n_in)
    return reader->wanted(Status::dimension, "n_in", n_in, " inputs", layer.n_in);
  if (layer.input_shift != 0 && !(is_first && reads_x))
    return reader->fail(Status::verify, "input_shift", "only where x is read");
  return Status::ok;
}

Status Graph::check_layers(const char* name, std::span<const Layer> layers, std::uint32_t owner) {
  std::uint32_t previous = 0;
  for (std::uint32_t i = 0; i < layers.size(); ++i) {
    reader->place.enter(name, i);
    GUARDRANK_TRY(check_layer(layers[i], owner, previous));
    previous = layers[i].n_out;
    reader->place.leave();
  }
  return Status::ok;
}

Status Graph::check_experts(const Level& level) {
  for (const Expert& expert : level.experts) {
    reader->place.enter("experts", Place::no_index, expert.name);
    GUARDRANK_TRY(check_owner(expert.owner));
    GUARDRANK_TRY(check_layers("layers", expert.layers, expert.owner));
    reader->place.leave();
  }
  return Status::ok;
}

// Known and different experts, all of one width.
Status Graph::check_mixed(const Level& level, const Gate& gate, std::uint32_t* width) {
  std::uint64_t seen = 0;
  static_assert(limits::experts_per_level <= 64);
  for (std::uint32_t i = 0; i < gate.experts.size(); ++i) {
    const std::uint32_t expert = gate.experts[i];
    reader->place.enter("experts", i);
    if (expert >= level.experts.size() || (seen >> expert & 1) != 0)
      return reader->fail(Status::reference, nullptr, "unknown, or named twice: expert ", expert);
    seen |= std::uint64_t{1} << expert;
    const std::uint32_t n_out = level.experts[expert].layers.back().n_out;
    if (i > 0 && n_out != *width)
      return reader->wanted(Status::dimension, nullptr, *width, " outputs", n_out);
    *width = n_out;
    reader->place.leave();
  }
  return Status::ok;
}

Status Graph::check_gate(const Level& level, const Gate& gate, std::size_t index) {
  if (slot_of(gate.owner) != index)
    return reader->fail(Status::reference, "owner",
                        "gates stand one per head in the heads' order, then the shared one");
  const std::size_t n_wanted = gate.experts.size();
  if (n_wanted == 0 || (index == n_heads && n_wanted != level.experts.size()))
    return reader->fail(Status::dimension, "experts",
                        "wanted at least one, and all for the shared gate");
  GUARDRANK_TRY(check_mixed(level, gate, &widths[index]));
  GUARDRANK_TRY(check_owner(gate.owner));
  if ((gate.layer != nullptr) != (n_wanted > 1))
    return reader->fail(Status::dimension, "layer",
                        "wanted exactly where a gate mixes several experts");
  const std::size_t n_several = n_wanted > 1 ? n_wanted : 0;
  if (gate.expert_multiplier.size() != n_several)
    return reader->wanted(Status::dimension, "expert_multiplier", n_several, "",
                          gate.expert_multiplier.size());
  for (std::uint32_t i = 0; i < n_several; ++i) {
    reader->place.enter("expert_multiplier", i);
    GUARDRANK_TRY(reader->check(bounds::positive, nullptr, double{gate.expert_multiplier[i]}));
    reader->place.leave();
  }
  if (gate.layer == nullptr) return Status::ok;
  reader->place.enter("layer");
  if (gate.layer->n_out != n_several)
    return reader->wanted(Status::dimension, nullptr, n_several, " outputs", gate.layer->n_out);
  GUARDRANK_TRY(check_layer(*gate.layer, gate.owner, 0));
  reader->place.leave();
  return Status::ok;
}

bool has_shared_experts(const Level& level) {
  for (const Expert& expert : level.experts)
    if (expert.owner == shared_owner) return true;
  return false;
}

// `next`: the level above, which has a shared gate below it exactly when it has shared experts.
Status Graph::check_level(const Level& level, const Level* next) {
  GUARDRANK_TRY(check_experts(level));
  const bool wants_shared = next != nullptr && has_shared_experts(*next);
  const std::size_t n_wanted = n_heads + (wants_shared ? 1 : 0);
  if (level.gates.size() != n_wanted)
    return reader->wanted(Status::dimension, "gates", n_wanted,
                          " (one per head, and a shared one below shared experts)",
                          level.gates.size());
  for (std::uint32_t i = 0; i < n_wanted; ++i) {
    reader->place.enter("gates", i, i < n_heads ? reader->model->heads[i].name : "shared");
    GUARDRANK_TRY(check_gate(level, level.gates[i], i));
    reader->place.leave();
  }
  below = widths;
  reads_x = false;
  has_shared_below = wants_shared;
  return Status::ok;
}

constexpr Layer blank_layer{};

}  // namespace

const Table layer_table = table_of<layer_members>({
    .n_bytes = sizeof(Layer),
    .blank = &blank_layer,
    .finish = finish_as<ModelReader, Layer, finish_layer>});
const Table level_table = table_of<level_members>({.n_bytes = sizeof(Level)});

Status check_graph(ModelReader* reader) {
  const Model& model = *reader->model;
  Graph graph{reader, model.heads.size()};
  for (std::uint32_t i = 0; i < model.levels.size(); ++i) {
    const bool is_last = i + 1 == model.levels.size();
    reader->place.enter("levels", i);
    GUARDRANK_TRY(graph.check_level(model.levels[i], is_last ? nullptr : &model.levels[i + 1]));
    reader->place.leave();
  }
  for (std::uint32_t i = 0; i < model.heads.size(); ++i) {
    const Head& head = model.heads[i];
    reader->place.enter("heads", i, head.name);
    GUARDRANK_TRY(graph.check_layers("tower", head.tower, i));
    if (head.tower.back().n_out != 1)
      return reader->wanted(Status::dimension, "tower", 1, " output of the last layer",
                            head.tower.back().n_out);
    reader->place.leave();
  }
  return Status::ok;
}

}  // namespace guardrank
