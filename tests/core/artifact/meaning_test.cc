// Artifacts that are well formed and mean nonsense: each has its status and names its place.
#ifdef GUARDRANK_HAS_PACK
#include <doctest/doctest.h>

#include <functional>
#include <limits>

#include "core/base/limits.h"
#include "tests/core/artifact/sample_artifacts.h"

namespace guardrank::test {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

template <typename T>
struct Violation {
  const char* name;
  std::function<void(T*)> apply;
  Status status;
  const char* where;
};

template <typename T>
void check_all(T (*sample)(pack::Memory*), pack::AlignedBytes (*write)(const T&),
               ArtifactKind kind, std::span<const Violation<T>> violations,
               Check check = Check::structure) {
  for (const Violation<T>& violation : violations) {
    CAPTURE(violation.name);
    pack::Memory memory;
    T value = sample(&memory);
    violation.apply(&value);
    const pack::AlignedBytes bytes = write(value);
    Arena arena(pack::system_allocator(), 1 << 22);
    Error error;
    CHECK(open_and_read(kind, bytes, check, &arena, &error) == violation.status);
    CHECK(error.where() == violation.where);
  }
}

pack::AlignedBytes write(const Model& model) { return pack::write_model(model); }

Field& field(Model* model, std::size_t i) { return at(model->fields, i); }
Transform& transform(Model* model, std::size_t i, std::size_t j) {
  return at(model->fields[i].transforms, j);
}
Head& head(Model* model, std::size_t i) { return at(model->heads, i); }
Expert& expert(Model* model, std::size_t level, std::size_t i) {
  return at(model->levels[level].experts, i);
}
Gate& gate(Model* model, std::size_t level, std::size_t i) {
  return at(model->levels[level].gates, i);
}
Layer& first_layer(Model* model) { return at(model->levels[0].experts[0].layers, 0); }

constexpr std::string_view bad_utf8 = "a\xC3";
constexpr double shrinking[] = {0, 0.5, 0.4};
const std::vector<std::string_view> too_many_inputs(limits::cross_inputs + 1, "state");

TEST_CASE("fields") {
  using V = Violation<Model>;
  const V violations[] = {
      {"no fields", [](Model* m) { m->fields = {}; }, Status::dimension, "root.fields"},
      {"empty name", [](Model* m) { field(m, 0).name = ""; }, Status::verify,
       "root.fields[0].name"},
      {"invalid UTF-8", [](Model* m) { field(m, 0).name = bad_utf8; }, Status::utf8,
       "root.fields[0].name"},
      {"a cross of too many",
       [](Model* m) { field(m, m->fields.size() - 1).inputs = too_many_inputs; }, Status::limit,
       "root.fields[state_offer].inputs"},
      {"a name twice", [](Model* m) { field(m, 2).name = "state"; }, Status::reference,
       "root.fields[state]"},
      {"not in x order", [](Model* m) { std::swap(field(m, 0), field(m, 1)); }, Status::verify,
       "root.fields[income]"},
      {"blocks not in order", [](Model* m) { field(m, 0).side = Side::pair; }, Status::verify,
       "root.fields[state]"},
      {"unknown side", [](Model* m) { field(m, 0).side = Side{3}; }, Status::verify,
       "root.fields[income].side"},
      {"unknown type", [](Model* m) { field(m, 0).type = FactType{7}; }, Status::verify,
       "root.fields[income].type"},
      {"scale of zero", [](Model* m) { field(m, 0).scale = 0; }, Status::verify,
       "root.fields[income].scale"},
      {"scale not finite", [](Model* m) { field(m, 1).scale = static_cast<float>(infinity); },
       Status::not_finite, "root.fields[state].scale"},
      {"zero point", [](Model* m) { field(m, 0).zero_point = 128; }, Status::verify,
       "root.fields[income].zero_point"},
      {"an embedding's zero point", [](Model* m) { field(m, 1).zero_point = 63; },
       Status::verify, "root.fields[state].zero_point"},
      {"codes of a vocabulary", [](Model* m) { field(m, 1).n_codes = 4; }, Status::dimension,
       "root.fields[state].n_codes"},
      {"codes of a hash", [](Model* m) { transform(m, 5, 0).buckets = 7; }, Status::dimension,
       "root.fields[offer_id].n_codes"},
      {"no buckets", [](Model* m) { transform(m, 5, 0).buckets = 0; }, Status::verify,
       "root.fields[offer_id].transforms[0].buckets"},
      {"absurd dimension",
       [](Model* m) {
         field(m, 1).dim = 4'000'000'000;
         field(m, 1).table = nullptr;
       },
       Status::limit, "root.fields[state].dim"},
      {"a table outside",
       [](Model* m) {
         field(m, 1).dim = 1024;
         field(m, 1).table = nullptr;
       },
       Status::verify, "root.fields[state].table"},
      {"a list that is not pooled", [](Model* m) { field(m, 6).pooling = Pooling::none; },
       Status::verify, "root.fields[tags].pooling"},
      {"pooling of one value", [](Model* m) { field(m, 1).pooling = Pooling::sum; },
       Status::verify, "root.fields[state].pooling"},
      {"a dense field that feeds", [](Model* m) { field(m, 0).feeds_every_layer = true; },
       Status::verify, "root.fields[income].feeds_every_layer"},
      {"width of a number", [](Model* m) { field(m, 0).width = 2; }, Status::dimension,
       "root.fields[income].width"},
      {"width of a vector", [](Model* m) { field(m, 3).width = 5000; }, Status::limit,
       "root.fields[looks].width"},
      {"cross of nothing", [](Model* m) { at(field(m, 7).inputs, 0) = "stat"; },
       Status::reference, "root.fields[state_offer].inputs[0]"},
      {"cross of a context with an offer's id",
       [](Model* m) {
         static const std::string_view inputs[] = {"surface", "offer_id"};
         field(m, 1) = field(m, 7);
         field(m, 1).name = "state";
         field(m, 1).side = Side::context;
         field(m, 1).inputs = inputs;
         field(m, 5).name = "number";   // no field's name: the offer's own id
       },
       Status::reference, "root.fields[state].inputs[1]"},
      {"cross without inputs", [](Model* m) { field(m, 7).inputs = {}; }, Status::verify,
       "root.fields[state_offer].transforms[0]"},
      {"an embedding of numbers", [](Model* m) { field(m, 1).transforms = {}; }, Status::verify,
       "root.fields[state].transforms"},
      {"unknown transform",
       [](Model* m) { transform(m, 0, 0).kind = TransformKind{11}; }, Status::verify,
       "root.fields[income].transforms[0].kind"},
      {"clip upside down", [](Model* m) { transform(m, 0, 1).minimum = 1e8; }, Status::verify,
       "root.fields[income].transforms[1].maximum"},
      {"no deviation", [](Model* m) { transform(m, 0, 3).standard_deviation = 0; },
       Status::verify, "root.fields[income].transforms[3].standard_deviation"},
      {"mean not finite", [](Model* m) { transform(m, 0, 3).mean = nan; }, Status::not_finite,
       "root.fields[income].transforms[3].mean"},
      {"edges that fall", [](Model* m) { at(transform(m, 4, 0).edges, 1) = -2; },
       Status::verify, "root.fields[apr].transforms[0].edges"},
      {"edge not finite", [](Model* m) { at(transform(m, 4, 0).edges, 1) = nan; },
       Status::not_finite, "root.fields[apr].transforms[0].edges[1]"},
      {"sorted out of range", [](Model* m) { at(transform(m, 1, 0).sorted, 0) = 3; },
       Status::reference, "root.fields[state].transforms[0].sorted"},
      {"not sorted", [](Model* m) { at(transform(m, 1, 0).sorted, 0) = 2; }, Status::verify,
       "root.fields[state].transforms[0].sorted"},
      {"a value twice", [](Model* m) { at(transform(m, 1, 0).values, 0) = "CA"; },
       Status::verify, "root.fields[state].transforms[0].sorted"},
  };
  check_all<Model>(sample_model, write, ArtifactKind::model, violations);
}

TEST_CASE("the graph") {
  using V = Violation<Model>;
  const V violations[] = {
      {"inputs of a first layer", [](Model* m) { first_layer(m).n_in = 21; }, Status::dimension,
       "root.levels[0].experts[e0].layers[0].n_in"},
      {"inputs of a second layer",
       [](Model* m) { at(m->levels[0].experts[0].layers, 1).n_in = 6; }, Status::dimension,
       "root.levels[0].experts[e0].layers[1].n_in"},
      {"no outputs", [](Model* m) { first_layer(m).n_out = 0; }, Status::dimension,
       "root.levels[0].experts[e0].layers[0].n_out"},
      {"absurd outputs",
       [](Model* m) {
         first_layer(m).n_out = UINT32_MAX;
         first_layer(m).weights = nullptr;
       },
       Status::limit, "root.levels[0].experts[e0].layers[0].n_out"},
      {"too few biases", [](Model* m) { first_layer(m).bias = first_layer(m).bias.first(5); },
       Status::dimension, "root.levels[0].experts[e0].layers[0].bias"},
      {"a bias that could overflow", [](Model* m) { at(first_layer(m).bias, 2) = INT32_MIN; },
       Status::limit, "root.levels[0].experts[e0].layers[0].bias[2]"},
      {"multiplier not finite",
       [](Model* m) { at(first_layer(m).multiplier, 1) = static_cast<float>(nan); },
       Status::not_finite, "root.levels[0].experts[e0].layers[0].multiplier[1]"},
      {"shift", [](Model* m) { first_layer(m).input_shift = 17; }, Status::verify,
       "root.levels[0].experts[e0].layers[0].input_shift"},
      {"shift of a later layer",
       [](Model* m) { at(m->levels[0].experts[0].layers, 1).input_shift = 1; }, Status::verify,
       "root.levels[0].experts[e0].layers[1].input_shift"},
      {"weights outside",
       [](Model* m) {
         static const std::vector<std::int32_t> bias(16'384);
         static const std::vector<float> multiplier(16'384);
         Layer& last = at(m->heads[2].tower, 0);
         last.n_out = 16'384;
         last.bias = bias;
         last.multiplier = multiplier;
         last.weights = nullptr;
       },
       Status::verify, "root.heads[amount].tower[0].weights"},
      {"no layers", [](Model* m) { expert(m, 0, 1).layers = {}; }, Status::dimension,
       "root.levels[0].experts[e1].layers"},
      {"an expert of nobody", [](Model* m) { expert(m, 0, 1).owner = 3; }, Status::reference,
       "root.levels[0].experts[e1].owner"},
      {"an expert's name twice", [](Model* m) { expert(m, 0, 1).name = "e0"; },
       Status::reference, "root.levels[0].experts[e0]"},
      {"a gate missing",
       [](Model* m) { at(m->levels, 1).gates = m->levels[1].gates.first(2); },
       Status::dimension, "root.levels[1].gates"},
      {"no shared gate below shared experts",
       [](Model* m) { at(m->levels, 0).gates = m->levels[0].gates.first(3); },
       Status::dimension, "root.levels[0].gates"},
      {"gates not in the heads' order", [](Model* m) { gate(m, 1, 1).owner = 2; },
       Status::reference, "root.levels[1].gates[apply].owner"},
      {"a gate over no expert", [](Model* m) { gate(m, 1, 1).experts = {}; }, Status::dimension,
       "root.levels[1].gates[apply].experts"},
      {"a gate over an unknown expert", [](Model* m) { at(gate(m, 1, 1).experts, 0) = 2; },
       Status::reference, "root.levels[1].gates[apply].experts[0]"},
      {"a gate over one expert twice", [](Model* m) { at(gate(m, 1, 0).experts, 1) = 0; },
       Status::reference, "root.levels[1].gates[click].experts[1]"},
      {"a gate without its layer", [](Model* m) { gate(m, 1, 0).layer = nullptr; },
       Status::dimension, "root.levels[1].gates[click].layer"},
      {"a layer over one expert",
       [](Model* m) { gate(m, 1, 1).layer = m->levels[1].gates[0].layer; }, Status::dimension,
       "root.levels[1].gates[apply].layer"},
      {"expert multipliers", [](Model* m) { at(gate(m, 0, 0).expert_multiplier, 1) = 0; },
       Status::verify, "root.levels[0].gates[click].expert_multiplier[1]"},
      {"a shared gate that leaves one out",
       [](Model* m) { gate(m, 0, 3).experts = gate(m, 0, 3).experts.first(2); },
       Status::dimension, "root.levels[0].gates[shared].experts"},
      {"a tower with two outputs",
       [](Model* m) {
         head(m, 1).tower = m->heads[0].tower.first(1);
       },
       Status::dimension, "root.heads[apply].tower"},
      {"no tower", [](Model* m) { head(m, 1).tower = {}; }, Status::dimension,
       "root.heads[apply].tower"},
  };
  check_all<Model>(sample_model, write, ArtifactKind::model, violations);
}

TEST_CASE("experts under one gate are equally wide") {
  pack::Memory memory;
  Model model = sample_model(&memory);
  Layer& wider = at(model.levels[0].experts[1].layers, 0);
  wider = model.levels[0].experts[0].layers[0];
  Arena arena(pack::system_allocator(), 1 << 22);
  Error error;
  const pack::AlignedBytes bytes = pack::write_model(model);
  CHECK(open_and_read(ArtifactKind::model, bytes, Check::structure, &arena, &error) ==
        Status::dimension);
  CHECK(error.where() == "root.levels[0].gates[click].experts[1]");
}

TEST_CASE("heads") {
  using V = Violation<Model>;
  const V violations[] = {
      {"no heads", [](Model* m) { m->heads = {}; }, Status::dimension, "root.heads"},
      {"a name twice", [](Model* m) { head(m, 1).name = "click"; }, Status::reference,
       "root.heads[click]"},
      {"the reserved name", [](Model* m) { head(m, 1).name = "shared"; }, Status::reference,
       "root.heads[shared]"},
      {"given itself", [](Model* m) { head(m, 1).given = 1; }, Status::reference,
       "root.heads[apply].given"},
      {"no rate", [](Model* m) { head(m, 0).negative_sampling_rate = 0; }, Status::sampling,
       "root.heads[click].negative_sampling_rate"},
      {"a rate over 1", [](Model* m) { head(m, 0).negative_sampling_rate = 1.5; },
       Status::sampling, "root.heads[click].negative_sampling_rate"},
      {"a rate that is no number", [](Model* m) { head(m, 0).negative_sampling_rate = nan; },
       Status::sampling, "root.heads[click].negative_sampling_rate"},
      {"sampled, and nothing done",
       [](Model* m) { head(m, 0).sampling_handled = SamplingHandled::none; }, Status::sampling,
       "root.heads[click].sampling_handled"},
      {"handling unstated",
       [](Model* m) { head(m, 0).sampling_handled = SamplingHandled{9}; }, Status::sampling,
       "root.heads[click].sampling_handled"},
      {"positive weight", [](Model* m) { head(m, 0).positive_weight = -1; }, Status::sampling,
       "root.heads[click].positive_weight"},
      {"calibrator unstated",
       [](Model* m) { head(m, 0).calibrator.kind = CalibratorKind{9}; }, Status::calibrator,
       "root.heads[click].calibrator"},
      {"platt not finite", [](Model* m) { head(m, 0).calibrator.b = infinity; },
       Status::calibrator, "root.heads[click].calibrator.b"},
      {"temperature",
       [](Model* m) {
         head(m, 0).calibrator.kind = CalibratorKind::temperature;
         head(m, 0).calibrator.t = 0;
       },
       Status::calibrator, "root.heads[click].calibrator.t"},
      {"platt falls", [](Model* m) { head(m, 0).calibrator.a = -0.5; }, Status::calibrator,
       "root.heads[click].calibrator.a"},
      {"beta",
       [](Model* m) { head(m, 0).calibrator = {CalibratorKind::beta, -1, 0, 0, 1, {}, {}}; },
       Status::calibrator, "root.heads[click].calibrator.a"},
      {"knots that fall", [](Model* m) { head(m, 1).calibrator.x = shrinking; },
       Status::calibrator, "root.heads[apply].calibrator.x"},
      {"values that fall", [](Model* m) { head(m, 1).calibrator.y = shrinking; },
       Status::calibrator, "root.heads[apply].calibrator.y"},
      {"fewer values than knots",
       [](Model* m) { head(m, 1).calibrator.y = head(m, 1).calibrator.y.first(2); },
       Status::calibrator, "root.heads[apply].calibrator.y"},
      {"a knot over 1", [](Model* m) { at(head(m, 1).calibrator.x, 2) = 1.01; },
       Status::calibrator, "root.heads[apply].calibrator.x"},
      {"segments of nothing", [](Model* m) { head(m, 0).segment_field = ""; },
       Status::calibrator, "root.heads[click].segment_field"},
      {"a segment twice", [](Model* m) { at(head(m, 0).segments, 1).value = "prime"; },
       Status::calibrator, "root.heads[click].segments[prime]"},
      {"negative positives", [](Model* m) { at(head(m, 0).segments, 1).positives = -1; },
       Status::calibrator, "root.heads[click].segments[near].positives"},
      {"kappa", [](Model* m) { head(m, 0).kappa = nan; }, Status::calibrator,
       "root.heads[click].kappa"},
      {"ratio", [](Model* m) { head(m, 2).ratio = 0; }, Status::verify,
       "root.heads[amount].ratio"},
      {"sigma", [](Model* m) { head(m, 2).log_sigma = nan; }, Status::not_finite,
       "root.heads[amount].log_sigma"},
      {"golden results",
       [](Model* m) { at(m->golden, 0).logits = m->golden[0].logits.first(5); },
       Status::dimension, "golden.requests[0].logits"},
      {"golden rows", [](Model* m) { at(m->golden, 0).n_rows = 17; }, Status::limit,
       "golden.requests[0].n_rows"},
      {"a golden logit that is no number",
       [](Model* m) { at(m->golden[0].logits, 0) = static_cast<float>(nan); },
       Status::not_finite, "golden.requests[0].logits[0]"},
  };
  check_all<Model>(sample_model, write, ArtifactKind::model, violations);
}

TEST_CASE("a full check looks at every code of a table that is not pooled") {
  const Violation<Model> violation = {
      "a code over 127", [](Model* m) { const_cast<std::uint8_t&>(m->fields[1].table[7]) = 128; },
      Status::verify, "root.fields[state].table"};
  check_all<Model>(sample_model, write, ArtifactKind::model, {&violation, 1}, Check::full);
}

TEST_CASE("policies") {
  using V = Violation<Policy>;
  const V violations[] = {
      {"a fact twice", [](Policy* p) { at(p->facts, 4).name = "cpa"; }, Status::reference,
       "root.facts[cpa]"},
      {"a default not finite",
       [](Policy* p) { const_cast<double&>(p->facts[3].fallback.numbers[0]) = nan; },
       Status::not_finite, "root.facts[cpa].fallback"},
      {"a parameter out of bounds", [](Policy* p) { at(p->parameters, 0).value = 21; },
       Status::verify, "root.parameters[cost].value"},
      {"a parameter that is no number", [](Policy* p) { at(p->parameters, 0).value = nan; },
       Status::not_finite, "root.parameters[cost].value"},
      {"a rule twice", [](Policy* p) { at(p->rules, 1).id = "min_age"; }, Status::reference,
       "root.rules[min_age]"},
      {"a rule without expression", [](Policy* p) { at(p->rules, 1).expr = ""; },
       Status::verify, "root.rules[second].expr"},
      {"a rule that ends before it starts", [](Policy* p) { at(p->rules, 0).to = 10; },
       Status::verify, "root.rules[min_age].to"},
      {"unknown kind of term", [](Policy* p) { at(p->terms, 0).kind = TermKind{3}; },
       Status::verify, "root.terms[revenue].kind"},
      {"slot 0", [](Policy* p) { at(p->mandated, 0).slot = 0; }, Status::verify,
       "root.mandated[0].slot"},
      {"a cap within nothing", [](Policy* p) { at(p->caps, 0).within = 0; }, Status::verify,
       "root.caps[0].within"},
      {"lambda", [](Policy* p) { p->diversity.lambda = 1.5; }, Status::verify,
       "root.diversity.lambda"},
      {"temperature", [](Policy* p) { p->exploration.temperature = 0; }, Status::verify,
       "root.exploration.temperature"},
      {"epsilon", [](Policy* p) { p->exploration.epsilon = -0.1; }, Status::verify,
       "root.exploration.epsilon"},
      {"cost of a candidate", [](Policy* p) { p->two_stage.c2_us = 0; }, Status::verify,
       "root.two_stage.c2_us"},
      {"a measured recall above 1", [](Policy* p) { p->two_stage.measured_value_recall = 1.5; },
       Status::verify, "root.two_stage.measured_value_recall"},
      {"invalid UTF-8", [](Policy* p) { p->source = bad_utf8; }, Status::utf8, "root.source"},
  };
  check_all<Policy>(sample_policy, pack::write_policy, ArtifactKind::policy, violations);
}

Layer& tower_layer(Model* model, std::size_t i) {
  return at(model->retrieval.context_tower, i);
}

TEST_CASE("stage one's tower") {
  using V = Violation<Model>;
  const V violations[] = {
      {"no layers", [](Model* m) { m->retrieval.context_tower = {}; }, Status::dimension,
       "root.retrieval.context_tower"},
      {"no dimensions", [](Model* m) { m->retrieval.dim = 0; }, Status::dimension,
       "root.retrieval.dim"},
      {"other dimensions", [](Model* m) { m->retrieval.dim = 4; }, Status::dimension,
       "root.retrieval.dim"},
      {"absurd dimensions", [](Model* m) { m->retrieval.dim = 1025; }, Status::limit,
       "root.retrieval.dim"},
      {"scale", [](Model* m) { m->retrieval.scale = 0; }, Status::verify, "root.retrieval.scale"},
      {"scale not finite",
       [](Model* m) { m->retrieval.scale = static_cast<float>(infinity); }, Status::not_finite,
       "root.retrieval.scale"},
      {"a first layer that does not read the context", [](Model* m) { tower_layer(m, 0).n_in = 7; },
       Status::dimension, "root.retrieval.context_tower[0].n_in"},
      {"layers that do not fit", [](Model* m) { tower_layer(m, 1).n_in = 4; }, Status::dimension,
       "root.retrieval.context_tower[1].n_in"},
      {"a shift", [](Model* m) { tower_layer(m, 0).input_shift = 1; }, Status::verify,
       "root.retrieval.context_tower[0].input_shift"},
      {"a bias too few",
       [](Model* m) { tower_layer(m, 1).bias = tower_layer(m, 1).bias.first(2); },
       Status::dimension, "root.retrieval.context_tower[1].bias"},
  };
  check_all<Model>(sample_model, write, ArtifactKind::model, violations);
}

// A catalog's sections with another or no section of vectors.
Status open_with_vectors(const Catalog& catalog, const std::vector<std::uint8_t>* vectors,
                         Error* error) {
  const pack::AlignedBytes whole = pack::write_catalog(catalog);
  Arena arena(pack::system_allocator(), 1 << 22);
  Container container;
  REQUIRE(open_container(whole, Check::structure, &arena, &container, error) == Status::ok);
  std::vector<pack::NewSection> sections;
  for (const Section& section : container.sections)
    if (section.kind != SectionKind::stage_one) sections.push_back({section.kind, section.bytes});
  if (vectors != nullptr) sections.push_back({SectionKind::stage_one, *vectors});
  const pack::AlignedBytes bytes = pack::write_container(ArtifactKind::catalog, sections);
  return open_and_read(ArtifactKind::catalog, bytes, Check::full, &arena, error);
}

TEST_CASE("stage one's vectors and their description go together") {
  pack::Memory memory;
  Catalog catalog = sample_catalog(&memory);
  Error error;
  const std::vector<std::uint8_t> nine(9), eight(8), ten(10);
  CHECK(open_with_vectors(catalog, &nine, &error) == Status::ok);
  for (const std::vector<std::uint8_t>* wrong : {&eight, &ten}) {
    CHECK(open_with_vectors(catalog, wrong, &error) == Status::dimension);
    CHECK(error.where() == "root.stage_one");
  }
  CHECK(open_with_vectors(catalog, nullptr, &error) == Status::verify);
  CHECK(error.where() == "root.stage_one");
  catalog.stage_one.codes = nullptr;
  CHECK(open_with_vectors(catalog, nullptr, &error) == Status::ok);
  CHECK(open_with_vectors(catalog, &nine, &error) == Status::verify);
  CHECK(error.where() == "root.stage_one");
}

TEST_CASE("catalogs") {
  using V = Violation<Catalog>;
  const V violations[] = {
      {"vectors without dimensions", [](Catalog* c) { c->stage_one.dim = 0; }, Status::dimension,
       "root.stage_one.dim"},
      {"vectors too wide", [](Catalog* c) { c->stage_one.dim = 1025; }, Status::limit,
       "root.stage_one.dim"},
      {"no scale of vectors", [](Catalog* c) { c->stage_one.scale = 0; }, Status::verify,
       "root.stage_one.scale"},
      {"scale of vectors", [](Catalog* c) { c->stage_one.scale = -1; }, Status::verify,
       "root.stage_one.scale"},
      {"an offer twice", [](Catalog* c) { at(c->ids, 1) = "o-1"; }, Status::duplicate,
       "root.order"},
      {"an offer without id", [](Catalog* c) { at(c->ids, 1) = ""; }, Status::limit, "root.ids"},
      {"invalid UTF-8", [](Catalog* c) { at(c->ids, 1) = bad_utf8; }, Status::utf8, "root.ids"},
      {"a number that is none",
       [](Catalog* c) { const_cast<double&>(c->columns[0].column.numbers[1]) = nan; },
       Status::not_finite, "root.columns[cpa]"},
      {"a boolean that is none",
       [](Catalog* c) { const_cast<std::uint8_t&>(c->columns[2].column.booleans[1]) = 2; },
       Status::verify, "root.columns[secured]"},
      {"a column twice", [](Catalog* c) { at(c->columns, 1).name = "cpa"; }, Status::duplicate,
       "root.columns[cpa]"},
      {"lists that fall back",
       [](Catalog* c) {
         const_cast<std::uint32_t&>(c->columns[5].column.list_offsets[1]) = 3;
       },
       Status::verify, "root.columns[tags]"},
      {"vectors without a width", [](Catalog* c) { at(c->columns, 6).column.width = 0; },
       Status::dimension, "root.columns[looks].width"},
  };
  check_all<Catalog>(sample_catalog, pack::write_catalog, ArtifactKind::catalog, violations);
}

TEST_CASE("releases") {
  using V = Violation<Release>;
  const V violations[] = {
      {"no routes", [](Release* r) { r->routes = {}; }, Status::verify, "root.routes"},
      {"unknown stage", [](Release* r) { at(r->routes, 1).stage = Stage{5}; }, Status::verify,
       "root.routes[1].stage"},
      {"unknown tier", [](Release* r) { at(r->routes, 0).tier = Tier{4}; }, Status::verify,
       "root.routes[0].tier"},
      {"weight", [](Release* r) { at(r->routes, 0).traffic_weight = -1; }, Status::verify,
       "root.routes[0].traffic_weight"},
      {"weight not finite", [](Release* r) { at(r->routes, 0).traffic_weight = infinity; },
       Status::not_finite, "root.routes[0].traffic_weight"},
  };
  check_all<Release>(sample_release, pack::write_release, ArtifactKind::release, violations);
}

}  // namespace
}  // namespace guardrank::test
#endif
