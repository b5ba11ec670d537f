#include "models/pack/pack.h"

#include "core/base/math.h"
#include "core/eligibility/eligibility.h"
#include "core/engine/bind_facts.h"
#include "core/engine/snapshot.h"
#include "core/placement/placement.h"
#include "core/value/value.h"
#include "models/pack/documents/catalog_document.h"
#include "models/pack/documents/cost_warning.h"
#include "models/pack/documents/policy_document.h"
#include "models/pack/expressions/constant_parts.h"
#include "models/pack/pack_error.h"
#include "models/pack/report.h"
#include "models/pack/retrieval/measured_of.h"
#include "models/pack/retrieval/offer_vectors.h"
#include "models/pack/warnings.h"
#include "models/pack/weights/input_file.h"

namespace guardrank::pack {
namespace {

std::string file_name(const std::filesystem::path& path) { return path.filename().string(); }

// Runs `step`; what it throws names the file.
template <typename Step>
auto reading(const std::string& name, const Step& step) {
  try {
    return step();
  } catch (const PackError& problem) {
    throw problem.within(name);
  }
}

// Enough of a model to bind names: fields and heads.
Model outline(const TrainedModel& trained, std::vector<Head>* heads) {
  for (const TrainedHead& head : trained.heads) heads->push_back(head.head);
  Model model;
  model.name = trained.name;
  model.fields = trained.fields;
  model.heads = *heads;
  return model;
}

// All facts of the bundle to be, and every expression compiled against them: a mistake in a rule is
// found before the long part of packing starts.
class Binding {
 public:
  Binding(const TrainedModel& trained, const Policy& policy, const Catalog& catalog) {
    Error error;
    const Model model = outline(trained, &heads_);
    throw_if(bind_facts(model, policy, catalog, &memory_.arena(), &facts_, &error), error);
    compile(policy);
  }

  const FactTable& facts() const { return facts_; }
  // Of expressions that compile, and may not do what their author thinks.
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  void compile(const Policy& policy) {
    Error error;
    EligibilityPlan eligibility;
    ValuePlan value;
    PlacementPlan placement;
    Arena* arena = &memory_.arena();
    throw_if(prepare_eligibility(policy, facts_, arena, &eligibility, &error), error);
    throw_if(prepare_value(policy, facts_, arena, &value, &error), error);
    throw_if(prepare_placement(policy, facts_, arena, &placement, &error), error);
    for (std::size_t i = 0; i < policy.rules.size(); ++i) {
      const Rule& rule = policy.rules[i];
      look_at("rules", rule.id, "", rule.expr, eligibility.rules[i].expr);
      if (!rule.when.empty())
        look_at("rules", rule.id, ".when", rule.when, eligibility.rules[i].when);
    }
    for (std::size_t i = 0; i < policy.guardrails.size(); ++i)
      look_at("guardrails", policy.guardrails[i].id, "", policy.guardrails[i].expr,
              placement.guardrails[i]);
    for (std::size_t i = 0; i < policy.terms.size(); ++i)
      look_at("terms", policy.terms[i].id, "", policy.terms[i].expr, value.terms[i]);
    for (std::size_t i = 0; i < policy.mandated.size(); ++i)
      if (!policy.mandated[i].when.empty())
        look_at("placement.mandated", policy.mandated[i].offer, ".when", policy.mandated[i].when,
                placement.mandated[i].when);
  }

  // What compiles may still fail whatever the facts are, or not do what its author thinks.
  void look_at(const std::string& kind, std::string_view id, const char* part,
               std::string_view source, const Program& program) {
    const std::string where = kind + "." + std::string(id) + part;
    Error error;
    throw_if(check_constant_parts(source, where, facts_, facts_and_outcomes, &error), error);
    const std::string warning = cost_warning(program);
    if (!warning.empty()) warnings_.push_back(where + ": " + warning);
  }

  Memory memory_;
  std::vector<Head> heads_;
  FactTable facts_;
  std::vector<std::string> warnings_;
};

CatalogDocument read_catalog_file(const std::filesystem::path& path, const FactTable& facts) {
  if (path.empty())
    return read_catalog(R"({"format": 1, "name": "none", "version": "0", "unlisted": true,
                            "offers": []})",
                        CatalogFormat::json, facts);
  const std::string text = read_document(path, path.string()), stem = path.stem().string();
  CatalogOptions options;
  if (path != "-") options.name = stem;
  return reading(file_name(path), [&] {
    return read_catalog(text, catalog_format(path, text), facts, options);
  });
}

// A score is a sum: amounts in two currencies have none.
void check_units(const Policy& policy) {
  const Term* first = nullptr;
  for (std::size_t i = 0; i < policy.terms.size(); ++i) {
    const Term& term = policy.terms[i];
    if (term.unit.empty()) continue;
    if (first == nullptr) first = &term;
    if (term.unit != first->unit)
      throw PackError(Status::argument, "terms[" + std::to_string(i) + "].unit",
                      std::string(term.unit) + " while " + std::string(first->id) + " is in " +
                          std::string(first->unit) + ": a score cannot sum them");
  }
}

AlignedBytes make_release(const Policy& policy, std::string_view model_name, Bytes model,
                          Bytes policy_bytes, Bytes catalog) {
  const std::string version(policy.version);
  const std::string name = std::string(model_name) + "@" + version;
  Route route;
  route.stage = Stage::full;
  route.model = artifact_id(model);
  route.policy = artifact_id(policy_bytes);
  route.catalog = artifact_id(catalog);
  Release release;
  release.name = name;
  release.version = version;
  release.routes = {&route, 1};
  return write_release(release);
}

// As a host would: full check, names bound, expressions compiled, golden vectors replayed.
void check_bundle(Bytes bundle) {
  Snapshot snapshot(system_allocator());
  Error error;
  throw_if(snapshot.open(bundle, Check::full, KernelChoice::automatic, true, &error), error);
}

PolicyDocument read_policy_file(const PackInputs& inputs) {
  const std::string name = file_name(inputs.policy);
  const std::string text = read_document(inputs.policy, inputs.policy.string());
  return reading(name, [&] {
    PolicyDocument document = read_policy(text, inputs.two_stage);
    check_units(document.policy());
    return document;
  });
}

// With stage one's vectors where the model has towers for them.
AlignedBytes write_offers(const TrainedModel& trained, const Policy& policy,
                          const Catalog& catalog, Bytes model) {
  if (!trained.retrieval || catalog.n_offers == 0) return write_catalog(catalog);
  const OfferVectors vectors = make_offer_vectors(trained, policy, catalog);
  Catalog whole = catalog;
  whole.stage_one = {artifact_id(model), trained.retrieval->dim, vectors.scale,
                     vectors.codes.data()};
  return write_catalog(whole);
}

}  // namespace

PackResult pack(const PackInputs& inputs) {
  const FloatingPointEnvironment environment;
  PackResult out;
  out.model = read_model_folder(inputs.model_folder);
  const TrainedModel& trained = out.model->trained;
  const PolicyDocument policy = read_policy_file(inputs);
  const std::string policy_name = file_name(inputs.policy);
  const auto bind = [&](const Catalog& catalog) {
    return reading(policy_name,
                   [&] { return std::make_unique<Binding>(trained, policy.policy(), catalog); });
  };
  const std::unique_ptr<Binding> schema = bind(Catalog{});
  const CatalogDocument catalog = read_catalog_file(inputs.catalog, schema->facts());
  const std::unique_ptr<Binding> bound =
      bind(catalog.catalog());  // caps and diversity may name catalog columns
  std::vector<std::string> warnings = bound->warnings();
  for (const auto& more :
       {default_warnings(trained, policy.policy()), calibrator_warnings(trained, out.model->holdout)})
    warnings.insert(warnings.end(), more.begin(), more.end());
  if (!inputs.two_stage)
    reading(policy_name, [&] {
      check_two_stage(trained, policy.policy().two_stage, catalog.catalog());
      const auto more = check_measured_of(trained, policy.policy(), policy.measured_of());
      warnings.insert(warnings.end(), more.begin(), more.end());
      return 0;
    });
  const PackedModel model = pack_model(inputs.model_folder, *out.model, inputs.progress,
                                       inputs.shard_rows, inputs.wants_rows);
  const AlignedBytes policy_bytes = write_policy(policy.policy());
  const AlignedBytes catalog_bytes =
      write_offers(trained, policy.policy(), catalog.catalog(), model.artifact);
  const AlignedBytes release =
      make_release(policy.policy(), trained.name, model.artifact, policy_bytes, catalog_bytes);
  out.bundle = write_bundle(trained.name, model.artifact, policy_bytes, catalog_bytes, release,
                            model.shards);
  if (inputs.progress) inputs.progress("checking the bundle", 0, 1);
  check_bundle(out.bundle);
  out.report = whole_report(model.report,
                            {out.bundle, model.artifact, policy_bytes, catalog_bytes, release},
                            warnings);
  return out;
}

}  // namespace guardrank::pack
