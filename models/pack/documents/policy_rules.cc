#include "core/base/limits.h"
#include "models/pack/documents/policy_reader.h"

namespace guardrank::pack {
namespace {

Rule read_rule(const DocumentNode& node) {
  node.allow({"id", "expr", "code", "text", "adverse_action", "from", "to", "when"});
  Rule rule;
  rule.id = node.at("id").name();
  rule.expr = read_expression(node.at("expr"));
  rule.code = text_or(node, "code");
  rule.text = text_or(node, "text");
  rule.adverse_action = text_or(node, "adverse_action");
  rule.when = read_when(node);
  if (const auto from = node.maybe("from")) rule.from = from->timestamp();
  if (const auto to = node.maybe("to")) rule.to = to->timestamp();
  if (rule.from >= rule.to) node.at("to").refuse(Status::argument, "must be after \"from\"");
  return rule;
}

Guardrail read_guardrail(const DocumentNode& node) {
  node.allow({"id", "expr", "code", "text", "effect"});
  if (text_or(node, "effect", "remove") != "remove")
    node.at("effect").refuse(Status::argument, "wanted \"remove\"");
  return {node.at("id").name(), read_expression(node.at("expr")), text_or(node, "code"),
          text_or(node, "text")};
}

TermKind read_term_kind(const DocumentNode& node) {
  if (node.text() == "revenue") return TermKind::revenue;
  if (node.text() == "penalty") return TermKind::penalty;
  if (node.text() == "bonus") return TermKind::bonus;
  node.refuse(Status::argument, "wanted revenue, penalty or bonus, found \"" +
                                    std::string(node.text()) + "\"");
}

Term read_term(const DocumentNode& node) {
  node.allow({"id", "kind", "unit", "expr"});
  Term term;
  term.id = node.at("id").name();
  term.kind = read_term_kind(node.at("kind"));
  term.unit = text_or(node, "unit");
  term.expr = read_expression(node.at("expr"));
  return term;
}

template <typename T>
std::vector<T> read_list(const DocumentNode& parent, std::string_view member,
                         std::size_t max_count, T (*read)(const DocumentNode&), UniqueNames* ids) {
  std::vector<T> all;
  if (const auto list = parent.maybe(member))
    for (const DocumentNode& node : list->items(max_count)) {
      all.push_back(read(node));
      ids->add(node.at("id"), all.back().id);
    }
  return all;
}

}  // namespace

std::string_view read_expression(const DocumentNode& node) {
  if (node.name().size() > limits::expression_bytes)
    node.refuse(Status::limit,
                "at most " + std::to_string(limits::expression_bytes) + " bytes are allowed");
  return node.name();
}

std::string_view read_when(const DocumentNode& parent) {
  const auto when = parent.maybe("when");
  return when ? read_expression(*when) : std::string_view();
}

std::vector<Rule> read_rules(const DocumentNode& parent, UniqueNames* ids) {
  return read_list(parent, "rules", limits::rules, read_rule, ids);
}

std::span<const Rule> read_all_rules(const DocumentNode& document, Memory* memory) {
  UniqueNames ids;
  std::vector<Rule> rules = read_rules(document, &ids);
  read_packs(document, &ids, memory, &rules);
  return memory->copy(rules);
}

std::span<const Guardrail> read_guardrails(const DocumentNode& document, Memory* memory) {
  UniqueNames ids;
  return memory->copy(
      read_list(document, "guardrails", limits::guardrails, read_guardrail, &ids));
}

std::span<const Term> read_terms(const DocumentNode& document, Memory* memory) {
  UniqueNames ids;
  return memory->copy(read_list(document, "terms", limits::terms, read_term, &ids));
}

}  // namespace guardrank::pack
