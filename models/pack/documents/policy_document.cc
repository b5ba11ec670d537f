#include "models/pack/documents/policy_document.h"

#include "core/base/limits.h"
#include "models/pack/documents/policy_reader.h"

namespace guardrank::pack {

PolicyDocument read_policy(std::string_view text, const std::optional<TwoStage>& two_stage) {
  PolicyDocument document;
  Memory* memory = &document.memory_;
  Policy& policy = document.policy_;
  const DocumentNode root = parse_document_tree(text, memory);
  root.allow({"format", "name", "version", "facts", "parameters", "rules", "guardrails", "terms",
              "placement", "two_stage", "jurisdiction_packs"});
  root.at("format").natural(1, 1);
  policy.name = root.at("name").name();
  policy.version = root.at("version").name();
  policy.facts = read_facts(root, text, memory);
  policy.parameters = read_parameters(root, memory);
  policy.rules = read_all_rules(root, memory);
  policy.guardrails = read_guardrails(root, memory);
  policy.terms = read_terms(root, memory);
  read_placement(root, memory, &policy);
  policy.two_stage = two_stage ? *two_stage : read_two_stage(root);
  if (!two_stage) document.measured_of_ = read_measured_of(root);
  policy.source = memory->text(text);
  return document;
}

}  // namespace guardrank::pack
