// The parts of read_policy: each reads one member of the document.
#pragma once

#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "core/artifact/policy.h"
#include "models/pack/documents/document_node.h"

namespace guardrank::pack {

// Refuses a name that was seen before (Status::duplicate).
class UniqueNames {
 public:
  void add(const DocumentNode& node, std::string_view name);

 private:
  std::unordered_set<std::string> seen_;
};

// "offer.partner" as a fact of one of these namespaces; gives the namespace and the bare name.
// Status::name for another namespace, or a name that is no identifier.
struct FactName {
  Namespace space = Namespace::context;
  std::string_view name;
};
FactName read_fact_name(const DocumentNode& node, std::string_view text);
// Likewise, of this namespace alone.
std::string_view read_fact_of(const DocumentNode& node, Namespace space);
void check_identifier(const DocumentNode& node, std::string_view name);

// Source text of an expression, not empty; Status::limit when it is too long.
std::string_view read_expression(const DocumentNode& node);
// The member "when", or empty.
std::string_view read_when(const DocumentNode& parent);

// `document_text`: the whole source, which may name the offer's id without declaring it.
std::span<const Fact> read_facts(const DocumentNode& document, std::string_view document_text,
                                 Memory* memory);
std::span<const Parameter> read_parameters(const DocumentNode& document, Memory* memory);
// The document's own rules, then those of its jurisdiction packs.
std::span<const Rule> read_all_rules(const DocumentNode& document, Memory* memory);
// The member "rules" of a document or of a jurisdiction pack.
std::vector<Rule> read_rules(const DocumentNode& parent, UniqueNames* ids);
void read_packs(const DocumentNode& document, UniqueNames* rule_ids, Memory* memory,
                std::vector<Rule>* rules);
std::span<const Guardrail> read_guardrails(const DocumentNode& document, Memory* memory);
std::span<const Term> read_terms(const DocumentNode& document, Memory* memory);
void read_placement(const DocumentNode& document, Memory* memory, Policy* policy);
TwoStage read_two_stage(const DocumentNode& document);
// Its measured_of, or empty.
std::string_view read_measured_of(const DocumentNode& document);

}  // namespace guardrank::pack
