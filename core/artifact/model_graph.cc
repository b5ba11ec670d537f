#include "core/artifact/model_reader.h"
#include "core/base/math.h"

namespace guardrank {
namespace {

// One level while it is read; the gates of the level below stand in reader->gate_widths.
struct LevelPlace {
  const Place& place;
  bool reads_x = false;
  bool has_shared_below = false;   // the level below has a shared gate
  bool wants_shared_gate = false;  // the next level has shared experts
};

bool has_shared_experts(const schema::Level& level) {
  if (level.experts() == nullptr) return false;
  for (const schema::Expert* expert : *level.experts())
    if (expert->owner() == shared_owner) return true;
  return false;
}

Status check_owner(std::uint32_t owner, const Place& place, ModelReader* reader) {
  if (owner == shared_owner || owner < reader->heads.size()) return Status::ok;
  return reader->root.fail(Status::reference, Place(place, "owner"), {"no head ", owner});
}

// What an expert or gate for `owner` reads: x, or the output of that owner's gate one level below.
Status find_input(std::uint32_t owner, const LevelPlace& level, const Place& place,
                  ModelReader* reader, LayerInput* input) {
  *input = {level.reads_x, 0};
  if (level.reads_x) return Status::ok;
  if (owner == shared_owner && !level.has_shared_below)
    return reader->root.fail(Status::reference, place, "no shared gate one level below");
  const std::size_t gate = owner == shared_owner ? reader->heads.size() : owner;
  input->previous = reader->gate_widths[gate];
  return Status::ok;
}

Status read_expert(const schema::Expert& source, const LevelPlace& level, Place* place,
                   ModelReader* reader, Expert* expert) {
  GUARDRANK_TRY(reader->root.name(source.name(), Place(*place, "name"), &expert->name));
  place->set_label(expert->name);
  expert->owner = source.owner();
  GUARDRANK_TRY(check_owner(expert->owner, *place, reader));
  LayerInput input;
  GUARDRANK_TRY(find_input(expert->owner, level, *place, reader, &input));
  return read_layers(source.layers(), Place(*place, "layers"), input, reader, &expert->layers);
}

Status read_experts(const schema::Level& source, const LevelPlace& level, ModelReader* reader,
                    std::span<const Expert>* out) {
  const Place all(level.place, "experts");
  std::span<Expert> experts;
  GUARDRANK_TRY(
      reader->root.make(source.experts(), limits::experts_per_level, all, &experts));
  if (experts.empty())
    return reader->root.wanted(Status::dimension, all, "at least one", "none");
  for (std::uint32_t i = 0; i < experts.size(); ++i) {
    Place place(level.place, "experts", i);
    GUARDRANK_TRY(read_expert(*source.experts()->Get(i), level, &place, reader, &experts[i]));
    for (std::uint32_t j = 0; j < i; ++j)
      if (experts[j].name == experts[i].name)
        return reader->root.fail(Status::reference, place, "two experts have this name");
  }
  *out = experts;
  return Status::ok;
}

// Known and different experts, all of one width.
Status check_mixed(std::span<const Expert> experts, const Gate& gate, const Place& place,
                   RootReader* reader, std::uint32_t* width) {
  if (gate.experts.empty())
    return reader->wanted(Status::dimension, Place(place, "experts"), "at least one", "none");
  std::uint64_t seen = 0;
  static_assert(limits::experts_per_level <= 64);
  for (std::uint32_t i = 0; i < gate.experts.size(); ++i) {
    const std::uint32_t expert = gate.experts[i];
    const Place one(place, "experts", i);
    if (expert >= experts.size())
      return reader->fail(Status::reference, one, {"no expert ", expert});
    if ((seen >> expert & 1) != 0)
      return reader->fail(Status::reference, one, {"expert ", expert, " is named twice"});
    seen |= std::uint64_t{1} << expert;
    const std::uint32_t n_out = experts[expert].layers.back().n_out;
    if (i > 0 && n_out != *width)
      return reader->wanted(Status::dimension, one, {"experts ", *width, " wide"}, {n_out});
    *width = n_out;
  }
  return Status::ok;
}

Status read_mixing(const schema::Gate& source, LayerInput input, const Place& place,
                   ModelReader* reader, Gate* gate) {
  RootReader& read = reader->root;
  const std::size_t n_experts = gate->experts.size();
  const std::size_t n_wanted = n_experts > 1 ? n_experts : 0;
  if ((source.layer() != nullptr) != (n_experts > 1))
    return read.fail(Status::dimension, Place(place, "layer"),
                     "wanted exactly where a gate mixes several experts");
  GUARDRANK_TRY(read.numbers(source.expert_multiplier(), limits::experts_per_level,
                             Place(place, "expert_multiplier"), &gate->expert_multiplier));
  if (gate->expert_multiplier.size() != n_wanted)
    return read.wanted_count(Status::dimension, Place(place, "expert_multiplier"), n_wanted,
                       gate->expert_multiplier.size());
  for (std::uint32_t i = 0; i < n_wanted; ++i)
    GUARDRANK_TRY(read.check_positive(double{gate->expert_multiplier[i]},
                                      Place(place, "expert_multiplier", i)));
  if (source.layer() == nullptr) return Status::ok;
  std::span<Layer> layer;
  GUARDRANK_TRY(read.allocate(1, &layer));
  GUARDRANK_TRY(
      read_layer(*source.layer(), Place(place, "layer"), input, reader, &layer[0]));
  if (layer[0].n_out != n_experts)
    return read.wanted(Status::dimension, Place(place, "layer"), {n_experts, " outputs"},
                       {layer[0].n_out});
  gate->layer = layer.data();
  return Status::ok;
}

Status read_gate(const schema::Gate& source, const LevelPlace& level, const Place& place,
                 std::span<const Expert> experts, std::uint32_t owner, ModelReader* reader,
                 Gate* gate, std::uint32_t* width) {
  RootReader& read = reader->root;
  gate->owner = source.owner();
  if (gate->owner != owner)
    return read.fail(Status::reference, Place(place, "owner"),
                     "gates stand one per head in the heads' order, then the shared one");
  GUARDRANK_TRY(read.numbers(source.experts(), limits::experts_per_level,
                             Place(place, "experts"), &gate->experts));
  GUARDRANK_TRY(check_mixed(experts, *gate, place, &read, width));
  if (owner == shared_owner && gate->experts.size() != experts.size())
    return read.wanted(Status::dimension, Place(place, "experts"),
                       {"all ", experts.size(), " experts for the shared gate"},
                       {gate->experts.size()});
  LayerInput input;
  GUARDRANK_TRY(find_input(owner, level, place, reader, &input));
  return read_mixing(source, input, place, reader, gate);
}

Status read_gates(const schema::Level& source, const LevelPlace& level,
                  std::span<const Expert> experts, ModelReader* reader,
                  std::span<const Gate>* out) {
  const Place all(level.place, "gates");
  const std::size_t n_heads = reader->heads.size();
  std::span<Gate> gates;
  GUARDRANK_TRY(reader->root.make(source.gates(), limits::heads + 1, all, &gates));
  const std::size_t n_wanted = n_heads + (level.wants_shared_gate ? 1 : 0);
  if (gates.size() != n_wanted)
    return reader->root.wanted(Status::dimension, all,
                               {n_wanted, " gates: one per head",
                                level.wants_shared_gate ? " and a shared one" : ""},
                               {gates.size()});
  std::array<std::uint32_t, limits::heads + 1> widths{};
  for (std::uint32_t i = 0; i < gates.size(); ++i) {
    Place place(level.place, "gates", i);
    place.set_label(i < n_heads ? reader->heads[i].name : std::string_view("shared"));
    const std::uint32_t owner = i < n_heads ? i : shared_owner;
    GUARDRANK_TRY(read_gate(*source.gates()->Get(i), level, place, experts, owner, reader,
                            &gates[i], &widths[i]));
  }
  reader->gate_widths = widths;
  *out = gates;
  return Status::ok;
}

}  // namespace

Status read_levels(const schema::Model& source, ModelReader* reader) {
  const Place root("root");
  std::span<Level> levels;
  GUARDRANK_TRY(
      reader->root.make(source.levels(), limits::levels, Place(root, "levels"), &levels));
  bool has_shared_below = false;
  for (std::uint32_t i = 0; i < levels.size(); ++i) {
    const Place place(root, "levels", i);
    const schema::Level& from = *source.levels()->Get(i);
    const bool has_next = i + 1 < levels.size();
    const bool wants_shared = has_next && has_shared_experts(*source.levels()->Get(i + 1));
    const LevelPlace level{place, i == 0, has_shared_below, wants_shared};
    GUARDRANK_TRY(read_experts(from, level, reader, &levels[i].experts));
    GUARDRANK_TRY(read_gates(from, level, levels[i].experts, reader, &levels[i].gates));
    has_shared_below = wants_shared;
  }
  reader->model.levels = levels;
  return Status::ok;
}

Status read_towers(const schema::Model& source, ModelReader* reader) {
  const Place root("root");
  for (std::uint32_t i = 0; i < reader->heads.size(); ++i) {
    Head& head = reader->heads[i];
    Place place(root, "heads", i);
    place.set_label(head.name);
    const LayerInput input{reader->model.levels.empty(), reader->gate_widths[i]};
    GUARDRANK_TRY(read_layers(source.heads()->Get(i)->tower(), Place(place, "tower"), input,
                              reader, &head.tower));
    if (head.tower.back().n_out != 1)
      return reader->root.wanted_count(Status::dimension, Place(place, "tower"),
                                 "a last layer with 1 output", head.tower.back().n_out);
  }
  return Status::ok;
}

}  // namespace guardrank
