#include "models/lint/lint.h"

#include "core/base/json.h"
#include "core/base/math.h"
#include "models/lint/hygiene_checks.h"
#include "models/lint/pair_checks.h"
#include "models/lint/policy_tests.h"
#include "models/lint/reach_checks.h"
#include "models/lint/rule_checks.h"
#include "models/lint/term_checks.h"
#include "models/pack/artifact/writers.h"
#include "models/pack/documents/catalog_document.h"
#include "models/pack/documents/policy_document.h"
#include "models/pack/pack_error.h"
#include "models/pack/weights/input_file.h"
#include "models/pack/weights/model_json.h"

namespace guardrank::lint {
namespace {

std::string file_name(const std::filesystem::path& path) { return path.filename().string(); }

// Runs `step`; what it throws names the file.
template <typename Step>
auto reading(const std::filesystem::path& path, const Step& step) {
  try {
    return step();
  } catch (const pack::PackError& problem) {
    throw problem.within(file_name(path));
  }
}

struct NamedOutcome {
  std::string file;
  TestOutcome outcome;
};

class Linting {
 public:
  explicit Linting(const LintInputs& inputs) : inputs_(inputs) {}

  std::string run() {
    read_model();
    policy_ = reading(inputs_.policy, [&] {
      return pack::read_policy(pack::read_document(inputs_.policy, file_name(inputs_.policy)));
    });
    read_catalog();
    check();
    for (const std::filesystem::path& test : inputs_.tests) run_tests(test);
    return report();
  }

 private:
  void read_model() {
    if (inputs_.model_folder.empty()) return;
    const std::filesystem::path path = inputs_.model_folder / "model.json";
    model_ = reading(path, [&] {
      return pack::read_model_json(pack::read_document(path, file_name(path)));
    });
    for (const pack::TrainedHead& head : model_.heads) model_heads_.push_back(head.head);
    fields_.assign(model_.fields.begin(), model_.fields.end());
    if (!model_.retrieval || !model_.retrieval->offer_fields) return;
    const pack::TrainedModel& own = *model_.retrieval->offer_fields;
    fields_.insert(fields_.end(), own.fields.begin(), own.fields.end());
  }

  StatedHeads heads_without_tests() {
    if (!model_heads_.empty()) return StatedHeads::from_model(model_heads_);
    return StatedHeads::from_expressions(policy_.policy());
  }

  // Column types come from what policy and model say of the facts.
  void read_catalog() {
    if (inputs_.catalog.empty()) return;
    Findings unheard;   // told again by check, with the catalog at hand
    const CompiledPolicy schema(policy_.policy(), Catalog{}, model_.fields, heads_without_tests(),
                                &unheard);
    if (!schema.is_bound()) return;
    reading(inputs_.catalog, [&] {
      pack::CatalogOptions options;
      const std::string stem = inputs_.catalog.stem().string();
      if (inputs_.catalog != "-") options.name = stem;
      const std::string text = pack::read_document(inputs_.catalog, file_name(inputs_.catalog));
      const pack::CatalogDocument document = pack::read_catalog(
          text, pack::catalog_format(inputs_.catalog, text), schema.facts(), options);
      open(document.catalog());
      return 0;
    });
  }

  // As an artifact, which knows its offers by id.
  void open(const Catalog& document) {
    catalog_bytes_ = pack::write_catalog(document);
    Error error;
    pack::throw_if(
        open_catalog(catalog_bytes_, Check::full, &memory_.arena(), &catalog_, &error), error);
  }

  void check() {
    const CompiledPolicy policy(policy_.policy(), catalog_, fields_, heads_without_tests(),
                                &findings_);
    check_texts(policy_.policy(), &findings_);
    check_stages();
    if (!policy.is_bound()) return;
    check_unused(policy, fields_, &findings_);
    check_cost(policy, &findings_);
    check_missing(policy, &findings_);
    check_dates(policy, inputs_.now, &findings_);
    check_placement(policy, &findings_);
    check_terms(policy, inputs_.now, &findings_);
    check_each_condition(policy, inputs_.now, &findings_);
    check_mandates(policy, inputs_.now, &findings_);
    check_pairs(policy, inputs_.now, inputs_.progress, &findings_);
    check_reach(policy);
  }

  void check_reach(const CompiledPolicy& policy) {
    const bool is_explained = findings_.has("never-holds") || findings_.has("contradiction");
    if (catalog_.n_offers > 0)
      check_reach_of_offers(policy, inputs_.now, inputs_.progress, &findings_);
    else if (!is_explained && policy.is_all_compiled())
      check_all_together(policy, inputs_.now, &findings_);
  }

  void check_stages() {
    if (inputs_.model_folder.empty() || model_.retrieval || !policy_.policy().two_stage.is_set)
      return;
    findings_.add(Severity::warning, "two-stage", "two_stage",
                  "the model has no stage-one towers (\"retrieval\" in model.json): every eligible "
                  "offer is scored, whatever budget_us says");
  }

  void run_tests(const std::filesystem::path& path) {
    reading(path, [&] {
      const std::string text = pack::read_document(path, file_name(path));
      pack::Memory memory;
      const pack::DocumentNode document = pack::parse_document_tree(text, &memory);
      document.allow({"format", "heads", "defaults", "tests"});
      document.at("format").natural(1, 1);
      const auto stated = document.maybe("heads");
      const StatedHeads heads =
          stated ? StatedHeads::from_document(*stated) : heads_without_tests();
      for (TestOutcome& outcome : run_policy_tests(document, policy_.policy(), catalog_,
                                                   heads.heads(), inputs_.now))
        outcomes_.push_back({file_name(path), std::move(outcome)});
      return 0;
    });
  }

  void write_findings(JsonWriter* json) const {
    json->key("findings").begin_array();
    for (const Finding& finding : findings_.ordered()) {
      json->begin_object();
      json->key("severity").string(severity_name(finding.severity));
      json->key("check").string(finding.check).key("where").string(finding.where);
      json->key("message").string(finding.message).end_object();
    }
    json->end_array();
  }

  void write_tests(JsonWriter* json) const {
    json->key("tests").begin_array();
    for (const NamedOutcome& named : outcomes_) {
      json->begin_object();
      json->key("file").string(named.file).key("name").string(named.outcome.name);
      json->key("passed").boolean(named.outcome.has_passed);
      json->key("difference").string(named.outcome.difference).end_object();
    }
    json->end_array();
  }

  std::string report() const {
    pack::Memory memory;
    JsonWriter json(&memory.arena());
    std::size_t n_passed = 0;
    for (const NamedOutcome& named : outcomes_) n_passed += named.outcome.has_passed ? 1 : 0;
    json.begin_object();
    json.key("policy").string(policy_.policy().name);
    json.key("version").string(policy_.policy().version);
    json.key("errors").natural(findings_.count(Severity::error));
    json.key("warnings").natural(findings_.count(Severity::warning));
    json.key("notes").natural(findings_.count(Severity::note));
    json.key("tests_passed").natural(n_passed);
    json.key("tests_failed").natural(outcomes_.size() - n_passed);
    write_findings(&json);
    write_tests(&json);
    json.end_object();
    if (json.status() != Status::ok) throw pack::PackError(json.status(), "", "no memory");
    return std::string(json.view());
  }

  const LintInputs& inputs_;
  pack::TrainedModel model_;
  std::vector<Head> model_heads_;
  std::vector<Field> fields_;   // of the model, then those that stage one's offer tower alone reads
  pack::PolicyDocument policy_;
  pack::Memory memory_;
  pack::AlignedBytes catalog_bytes_;
  Catalog catalog_;
  Findings findings_;
  std::vector<NamedOutcome> outcomes_;
};

}  // namespace

std::string lint(const LintInputs& inputs) {
  const FloatingPointEnvironment environment;
  return Linting(inputs).run();
}

}  // namespace guardrank::lint
