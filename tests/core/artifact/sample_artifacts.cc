#ifdef GUARDRANK_HAS_PACK
#include "tests/core/artifact/sample_artifacts.h"

namespace guardrank::test {
namespace {

template <typename T>
std::span<const T> keep(pack::Memory* memory, const std::vector<T>& values) {
  return memory->copy(values);
}

std::uint8_t code(std::size_t i) { return static_cast<std::uint8_t>(i * 29 % 128); }

const std::uint8_t* make_table(pack::Memory* memory, std::size_t size) {
  std::vector<std::uint8_t> codes(size);
  for (std::size_t i = 0; i < size; ++i) codes[i] = code(i);
  return memory->copy(codes).data();
}

Transform step(TransformKind kind) {
  Transform transform;
  transform.kind = kind;
  return transform;
}

Transform vocabulary(pack::Memory* memory, const std::vector<std::string_view>& values,
                     const std::vector<std::uint32_t>& sorted) {
  Transform transform = step(TransformKind::vocabulary);
  transform.values = keep(memory, values);
  transform.sorted = keep(memory, sorted);
  return transform;
}

Transform hash(std::uint32_t buckets, std::uint64_t seed) {
  Transform transform = step(TransformKind::hash);
  transform.buckets = buckets;
  transform.seed = seed;
  return transform;
}

Field income(pack::Memory* memory) {
  Transform clip = step(TransformKind::clip);
  clip.maximum = 1e7;
  Transform standardize = step(TransformKind::standardize);
  standardize.mean = 10.9;
  standardize.standard_deviation = 0.8;
  Field field;
  field.name = "income";
  field.transforms = keep<Transform>(
      memory, {step(TransformKind::fill), clip, step(TransformKind::log1p), standardize});
  field.has_indicator = true;
  field.scale = 0.05f;
  field.zero_point = 70;
  field.indicator_scale = 1 / 127.0f;
  return field;
}

Field embedding(pack::Memory* memory, std::string_view name, Side side, FactType type,
                const std::vector<Transform>& transforms, std::uint32_t n_codes,
                std::uint32_t dim) {
  Field field;
  field.name = name;
  field.side = side;
  field.type = type;
  field.transforms = keep(memory, transforms);
  field.output = OutputKind::embedding;
  field.scale = 0.02f;
  field.n_codes = n_codes;
  field.dim = dim;
  field.table = make_table(memory, std::size_t{n_codes} * dim);
  return field;
}

std::span<const Field> sample_fields(pack::Memory* memory) {
  std::vector<Field> fields = {income(memory)};
  fields.push_back(embedding(memory, "state", Side::context, FactType::string,
                             {vocabulary(memory, {"NY", "CA", "TX"}, {1, 0, 2})}, 5, 4));
  fields.push_back(embedding(memory, "surface", Side::context, FactType::string,
                             {vocabulary(memory, {"home", "search"}, {0, 1})}, 4, 2));
  fields.back().is_module = true;
  fields.back().feeds_every_layer = true;
  Field vector;
  vector.name = "looks";
  vector.side = Side::candidate;
  vector.type = FactType::f32_vector;
  vector.width = 3;
  fields.push_back(vector);
  Transform edges = step(TransformKind::bucketize);
  edges.edges = keep<double>(memory, {-1, 0.5, 30});
  fields.push_back(
      embedding(memory, "apr", Side::candidate, FactType::f64, {edges}, 5, 2));
  fields.push_back(embedding(memory, "offer_id", Side::candidate, FactType::string, {hash(6, 1)},
                             7, 4));
  fields.push_back(embedding(memory, "tags", Side::candidate, FactType::string_list,
                             {vocabulary(memory, {"cash", "travel"}, {0, 1})}, 4, 3));
  fields.back().pooling = Pooling::mean;
  fields.back().table_scale = 0.01f;
  fields.push_back(embedding(memory, "state_offer", Side::pair, FactType::string,
                             {step(TransformKind::cross), hash(9, 0xFFFFFFFFFFFFFFFF)}, 10, 2));
  fields.back().inputs = keep<std::string_view>(memory, {"state", "offer_id"});
  return memory->copy(fields);
}

constexpr std::uint32_t n_x = 2 + 4 + 2 + 3 + 2 + 4 + 3 + 2;
constexpr std::uint32_t n_fed = 2;

Layer layer(pack::Memory* memory, std::uint32_t n_out, std::uint32_t n_in, bool reads_x) {
  std::vector<std::int8_t> weights(std::size_t{n_out} * n_in);
  for (std::size_t i = 0; i < weights.size(); ++i)
    weights[i] = static_cast<std::int8_t>(static_cast<int>(i * 37 % 255) - 127);
  Layer made;
  made.n_out = n_out;
  made.n_in = n_in;
  made.weights = memory->copy(weights).data();
  made.bias = memory->copy(std::vector<std::int32_t>(n_out, -300));
  made.multiplier = memory->copy(std::vector<float>(n_out, 0.003f));
  made.input_shift = reads_x ? 3 : 0;
  return made;
}

Expert expert(pack::Memory* memory, std::string_view name, std::uint32_t owner,
              const std::vector<Layer>& layers) {
  return {name, owner, keep(memory, layers)};
}

Gate gate(pack::Memory* memory, std::uint32_t owner, const std::vector<std::uint32_t>& experts,
          std::uint32_t n_in, bool reads_x) {
  Gate made;
  made.owner = owner;
  made.experts = keep(memory, experts);
  if (experts.size() == 1) return made;
  const auto n_experts = static_cast<std::uint32_t>(experts.size());
  made.layer = memory->copy(std::vector<Layer>{layer(memory, n_experts, n_in, reads_x)}).data();
  made.expert_multiplier = memory->copy(std::vector<float>(n_experts, 0.5f));
  return made;
}

std::span<const Level> sample_levels(pack::Memory* memory) {
  Level first;
  const std::vector<Layer> two = {layer(memory, 6, n_x, true), layer(memory, 4, 6 + n_fed, false)};
  first.experts = keep<Expert>(memory, {expert(memory, "e0", shared_owner, two),
                                        expert(memory, "e1", 0, {layer(memory, 4, n_x, true)}),
                                        expert(memory, "e2", 2, {layer(memory, 4, n_x, true)})});
  first.gates = keep<Gate>(memory, {gate(memory, 0, {0, 1}, n_x, true),
                                    gate(memory, 1, {0}, n_x, true),
                                    gate(memory, 2, {2, 0}, n_x, true),
                                    gate(memory, shared_owner, {0, 1, 2}, n_x, true)});
  Level second;
  const std::vector<Layer> one = {layer(memory, 3, 4 + n_fed, false)};
  second.experts = keep<Expert>(
      memory, {expert(memory, "s", shared_owner, one), expert(memory, "c", 0, one)});
  second.gates = keep<Gate>(memory, {gate(memory, 0, {0, 1}, 4 + n_fed, false),
                                     gate(memory, 1, {0}, 4 + n_fed, false),
                                     gate(memory, 2, {0}, 4 + n_fed, false)});
  return keep<Level>(memory, {first, second});
}

Calibrator platt(double a, double b) {
  Calibrator calibrator;
  calibrator.kind = CalibratorKind::platt;
  calibrator.a = a;
  calibrator.b = b;
  return calibrator;
}

std::span<const Head> sample_heads(pack::Memory* memory) {
  Head click;
  click.name = "click";
  click.tower = keep<Layer>(memory, {layer(memory, 2, 3 + n_fed, false),
                                     layer(memory, 1, 2 + n_fed, false)});
  click.negative_sampling_rate = 0.1;
  click.sampling_handled = SamplingHandled::correct;
  click.calibrator = platt(1.1, -0.2);
  click.segment_field = "segment";
  click.kappa = 100;
  click.segments = keep<SegmentCalibrator>(
      memory, {{"prime", platt(1.2, 0.1), 420}, {"near", platt(0.9, 0), 17}});
  Head apply;
  apply.name = "apply";
  apply.given = 0;
  apply.tower = keep<Layer>(memory, {layer(memory, 1, 3 + n_fed, false)});
  apply.calibrator.kind = CalibratorKind::isotonic;
  apply.calibrator.x = keep<double>(memory, {0, 0.25, 1});
  apply.calibrator.y = keep<double>(memory, {0.01, 0.01, 0.9});
  Head amount;
  amount.name = "amount";
  amount.kind = HeadKind::log_amount;
  amount.given = 1;
  amount.tower = keep<Layer>(memory, {layer(memory, 1, 3 + n_fed, false)});
  amount.log_sigma = 0.7;
  amount.ratio = 1.05;
  amount.unit = "USD";
  return keep<Head>(memory, {click, apply, amount});
}

}  // namespace

Model sample_model(pack::Memory* memory) {
  Model model;
  model.name = "cards";
  model.version = "2026.11.1";
  model.fields = sample_fields(memory);
  model.levels = sample_levels(memory);
  model.heads = sample_heads(memory);
  GoldenRequest golden;
  golden.request = R"({"context": {}, "candidates": [{"offer": "a"}, {"offer": "b"}]})";
  golden.n_rows = 2;
  golden.logits = keep<float>(memory, {-1, 2, 3, -1.5f, 2.5f, 3.5f});
  golden.probabilities = keep<double>(memory, {0.1, 0.9, 20, 0.2, 0.8, 30});
  model.golden = keep<GoldenRequest>(memory, {golden});
  // The context block has 2 + 4 + 2 columns.
  model.retrieval = {true, "towers",
                     keep<Layer>(memory, {layer(memory, 5, 8, false), layer(memory, 3, 5, false)}),
                     3, 0.5f};
  model.lineage = {"c0de", "da7a", "fea7", "c0nf", "10c4", R"({"auc": 0.9})"};
  model.report = R"({"heads": []})";
  return model;
}

namespace {

template <typename T>
const T* one(pack::Memory* memory, const T& value) {
  return memory->copy(std::vector<T>{value}).data();
}

Fact fact(Namespace space, std::string_view name, FactType type) {
  Fact made;
  made.space = space;
  made.name = name;
  made.type = type;
  made.is_declared = true;
  made.fallback.type = type;
  made.fallback.n_rows = 1;
  return made;
}

std::span<const Fact> sample_facts(pack::Memory* memory) {
  std::vector<Fact> facts;
  facts.push_back(fact(Namespace::context, "age", FactType::i64));
  facts.back().fallback = {};
  facts.push_back(fact(Namespace::context, "race", FactType::string));
  facts.back().is_protected = true;
  facts.back().fallback.strings = one<std::string_view>(memory, "unknown");
  facts.push_back(fact(Namespace::candidate, "min_age", FactType::i64));
  facts.back().fallback.integers = one<std::int64_t>(memory, 18);
  facts.push_back(fact(Namespace::candidate, "cpa", FactType::f64));
  facts.back().may_override = false;
  facts.back().fallback.numbers = one(memory, 1.5);
  facts.push_back(fact(Namespace::candidate, "age", FactType::boolean));
  facts.back().fallback.booleans = one<std::uint8_t>(memory, 1);
  facts.push_back(fact(Namespace::pair, "seen", FactType::timestamp));
  facts.back().fallback.integers = one<std::int64_t>(memory, -1);
  facts.push_back(fact(Namespace::pair, "tags", FactType::string_list));
  facts.back().fallback.strings = keep<std::string_view>(memory, {"a", "b"}).data();
  facts.back().fallback.list_offsets = keep<std::uint32_t>(memory, {0, 2}).data();
  return memory->copy(facts);
}

}  // namespace

Policy sample_policy(pack::Memory* memory) {
  Policy policy;
  policy.name = "us-cards";
  policy.version = "41";
  policy.facts = sample_facts(memory);
  policy.parameters = keep<Parameter>(memory, {{"cost", "growth", "exp-7", 2, 0, 20}});
  policy.rules = keep<Rule>(
      memory, {{"min_age", "ctx.age >= offer.min_age", "AGE", "Too young", "Age", "", 10, 20},
               {"second", "true", "", "", "", "ctx.age > 3", always_from, always_to}});
  policy.guardrails =
      keep<Guardrail>(memory, {{"floor", "p.apply >= 0.05", "LOW", "Unlikely"}});
  policy.terms = keep<Term>(memory, {{"revenue", "USD", "offer.cpa", TermKind::revenue},
                                     {"risk", "USD", "param.cost", TermKind::penalty}});
  policy.mandated = keep<MandatedOffer>(memory, {{"o-9", "true", 3}});
  policy.caps = keep<Cap>(memory, {{"partner", 2, 10}});
  policy.diversity = {keep<std::string_view>(memory, {"category"}), 0.2, 10};
  policy.exploration = {ExplorationKind::plackett_luce, 0, 0.5};
  policy.two_stage = {true, 5000, 50, 0.01, 1, 0.98, 0.985};
  policy.source = "name: us-cards\n";
  return policy;
}

namespace {

CatalogColumn column(std::string_view name, FactType type) {
  CatalogColumn made;
  made.name = name;
  made.column.type = type;
  made.column.n_rows = 3;
  return made;
}

std::span<const CatalogColumn> sample_columns(pack::Memory* memory) {
  std::vector<CatalogColumn> columns;
  columns.push_back(column("cpa", FactType::f64));
  columns.back().column.numbers = keep<double>(memory, {120, 0.1, -3}).data();
  columns.push_back(column("min_age", FactType::i64));
  columns.back().column.present = keep<std::uint8_t>(memory, {1, 0, 1}).data();
  columns.back().column.integers = keep<std::int64_t>(memory, {18, 0, 21}).data();
  columns.push_back(column("secured", FactType::boolean));
  columns.back().column.booleans = keep<std::uint8_t>(memory, {1, 0, 1}).data();
  columns.push_back(column("partner", FactType::string));
  columns.back().column.strings = keep<std::string_view>(memory, {"acme", "", "bank"}).data();
  columns.push_back(column("since", FactType::timestamp));
  columns.back().column.integers = keep<std::int64_t>(memory, {0, -1, 7}).data();
  columns.push_back(column("tags", FactType::string_list));
  columns.back().column.strings = keep<std::string_view>(memory, {"cash", "travel", "x"}).data();
  columns.back().column.list_offsets = keep<std::uint32_t>(memory, {0, 2, 2, 3}).data();
  columns.push_back(column("looks", FactType::f32_vector));
  columns.back().column.width = 2;
  columns.back().column.floats = keep<float>(memory, {1, 2, 3, 4, 5, 6}).data();
  return memory->copy(columns);
}

}  // namespace

Catalog sample_catalog(pack::Memory* memory) {
  Catalog catalog;
  catalog.name = "cards";
  catalog.version = "7";
  catalog.n_offers = 3;
  catalog.allows_unlisted = true;
  catalog.ids = keep<std::string_view>(memory, {"o-2", "o-10", "o-1"});
  catalog.valid_from = keep<std::int64_t>(memory, {INT64_MIN, 5, 6});
  catalog.valid_to = keep<std::int64_t>(memory, {INT64_MAX, 50, INT64_MAX});
  catalog.columns = sample_columns(memory);
  const std::span<const std::int8_t> codes =
      keep<std::int8_t>(memory, {1, -2, 3, 127, -128, 0, 5, 6, 7});
  catalog.stage_one = {{}, 3, 0.25f, codes.data()};
  catalog.stage_one.model.fill(9);
  return catalog;
}

Release sample_release(pack::Memory* memory) {
  Route route;
  route.product = "card";
  route.market = "US";
  route.segment = "prime";
  route.partner = "acme";
  route.surface = "home";
  route.arm = "b";
  route.stage = Stage::canary;
  route.traffic_weight = 0.25;
  route.model.fill(1);
  route.policy.fill(2);
  route.catalog.fill(3);
  route.fallback = "cards@40";
  route.tier = Tier::pinned;
  route.salt = "autumn";
  Route rest;
  rest.model.fill(4);
  Release release;
  release.name = "cards@41";
  release.version = "41";
  release.routes = keep<Route>(memory, {route, rest});
  release.created = 1'795'255'200'000'000;
  release.minimum_engine = "0.1.0";
  ReleaseBlob model, catalog;
  model.id.fill(1);
  model.n_bytes = std::uint64_t{5} << 32;
  model.chunks.fill(7);
  catalog.id.fill(3);
  catalog.n_bytes = 640;
  release.blobs = keep<ReleaseBlob>(memory, {model, catalog});
  return release;
}

pack::AlignedBytes sample_bundle() {
  pack::Memory memory;
  return pack::write_bundle("cards", pack::write_model(sample_model(&memory)),
                            pack::write_policy(sample_policy(&memory)),
                            pack::write_catalog(sample_catalog(&memory)),
                            pack::write_release(sample_release(&memory)));
}

namespace {

void keep_bytes(pack::AlignedBytes bytes, pack::AlignedBytes* out) {
  if (out != nullptr) *out = std::move(bytes);
}

Status read_bundle(Bytes bytes, Check check, Arena* arena, Error* error,
                   pack::AlignedBytes* out) {
  Bundle bundle;
  GUARDRANK_TRY(open_bundle(bytes, check, arena, &bundle, error));
  keep_bytes(pack::write_bundle("cards", bundle.model, bundle.policy, bundle.catalog,
                                bundle.release),
             out);
  return Status::ok;
}

}  // namespace

Status open_and_read(ArtifactKind kind, Bytes bytes, Check check, Arena* arena, Error* error,
                     pack::AlignedBytes* out) {
  switch (kind) {
    case ArtifactKind::model: {
      Model model;
      GUARDRANK_TRY(open_model(bytes, check, arena, &model, error));
      keep_bytes(pack::write_model(model), out);
      return Status::ok;
    }
    case ArtifactKind::policy: {
      Policy policy;
      GUARDRANK_TRY(open_policy(bytes, check, arena, &policy, error));
      keep_bytes(pack::write_policy(policy), out);
      return Status::ok;
    }
    case ArtifactKind::catalog: {
      Catalog catalog;
      GUARDRANK_TRY(open_catalog(bytes, check, arena, &catalog, error));
      for (const std::string_view id : catalog.ids)
        if (catalog.find(id) == no_offer) return Status::internal;
      keep_bytes(pack::write_catalog(catalog), out);
      return Status::ok;
    }
    case ArtifactKind::release: {
      Release release;
      GUARDRANK_TRY(open_release(bytes, check, arena, &release, error));
      keep_bytes(pack::write_release(release), out);
      return Status::ok;
    }
    case ArtifactKind::bundle: return read_bundle(bytes, check, arena, error, out);
  }
  return Status::internal;
}

}  // namespace guardrank::test
#endif
