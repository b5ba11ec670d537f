#include "models/lint/hygiene_checks.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "core/base/number_text.h"
#include "models/pack/documents/cost_warning.h"

namespace guardrank::lint {
namespace {

std::string quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

std::string fact_name(const Fact& fact) {
  return std::string(namespace_name(fact.space)) + "." + std::string(fact.name);
}

std::string time_text(std::int64_t micros) {
  char text[max_number_text_bytes];
  return {text, write_timestamp(micros, text)};
}

template <typename Visit>
void for_each_expression(const CompiledPolicy& policy, const Visit& visit) {
  for (const CompiledRuleOf& rule : policy.rules()) {
    visit(rule.expr);
    visit(rule.when);
  }
  for (const CompiledExpression& expression : policy.guardrails()) visit(expression);
  for (const CompiledExpression& expression : policy.terms()) visit(expression);
  for (const CompiledExpression& expression : policy.mandates()) visit(expression);
}

// Facts that expressions, placement or the model use.
std::set<std::uint32_t> used_facts(const CompiledPolicy& policy, std::span<const Field> fields) {
  std::set<std::uint32_t> used;
  for_each_expression(policy, [&](const CompiledExpression& expression) {
    if (expression.is_compiled)
      used.insert(expression.program.facts.begin(), expression.program.facts.end());
  });
  const auto use = [&](Namespace space, std::string_view name) {
    used.insert(policy.facts().find(space, name));
  };
  for (const Cap& cap : policy.policy().caps) use(Namespace::candidate, cap.fact);
  for (const std::string_view fact : policy.policy().diversity.facts)
    use(Namespace::candidate, fact);
  for (const Field& field : fields) use(static_cast<Namespace>(field.side), field.name);
  return used;
}

}  // namespace

void check_unused(const CompiledPolicy& policy, std::span<const Field> fields, Findings* findings) {
  if (!policy.is_all_compiled()) return;   // what failed to compile may be the use
  const std::set<std::uint32_t> used = used_facts(policy, fields);
  for (const Fact& fact : policy.policy().facts)
    if (!fact.is_protected && !used.contains(policy.facts().find(fact.space, fact.name)))
      findings->add(Severity::warning, "unused", "facts." + fact_name(fact),
                    "declared and named by no expression" +
                        std::string(fields.empty() ? "" : ", nor read by the model"));
  for (const Parameter& parameter : policy.policy().parameters)
    if (!used.contains(policy.facts().find(Namespace::parameter, parameter.name)))
      findings->add(Severity::warning, "unused", "parameters." + std::string(parameter.name),
                    "named by no expression");
}

void check_texts(const Policy& policy, Findings* findings) {
  for (const Rule& rule : policy.rules) {
    const std::string where = "rules." + std::string(rule.id);
    if (rule.code.empty()) findings->add(Severity::warning, "reason", where, "no reason code");
    if (rule.text.empty()) findings->add(Severity::warning, "reason", where, "no text for people");
    if (rule.adverse_action.empty())
      findings->add(Severity::note, "adverse-action", where,
                    "no adverse-action text: a notice to an applicant has nothing to say");
  }
  for (const Guardrail& guardrail : policy.guardrails)
    if (guardrail.code.empty())
      findings->add(Severity::warning, "reason", "guardrails." + std::string(guardrail.id),
                    "no reason code");
  for (const Term& term : policy.terms)
    if (term.unit.empty())
      findings->add(Severity::warning, "unit", "terms." + std::string(term.id),
                    "no unit: say in which currency the amounts are");
  std::map<std::string_view, std::string_view> units;
  for (const Term& term : policy.terms)
    if (!term.unit.empty()) units.emplace(term.unit, term.id);
  if (units.size() > 1)
    findings->add(Severity::error, "unit", "terms." + std::string(units.rbegin()->second),
                  "in " + quoted(units.rbegin()->first) + " while " +
                      std::string(units.begin()->second) + " is in " +
                      quoted(units.begin()->first) + ": a score cannot sum them");
  for (const Parameter& parameter : policy.parameters) {
    const std::string where = "parameters." + std::string(parameter.name);
    if (!std::isfinite(parameter.minimum) || !std::isfinite(parameter.maximum))
      findings->add(Severity::warning, "bounds", where, "no minimum or no maximum");
    if (parameter.owner.empty())
      findings->add(Severity::warning, "owner", where, "nobody owns it");
    if (parameter.experiment.empty())
      findings->add(Severity::note, "provenance", where, "no experiment says why it has its value");
  }
}

void check_cost(const CompiledPolicy& policy, Findings* findings) {
  for_each_expression(policy, [&](const CompiledExpression& expression) {
    if (!expression.is_compiled) return;
    const std::string warning = pack::cost_warning(expression.program);
    if (warning.empty()) return;
    // Lists that are facts are seldom as long as they may be.
    const auto& facts = expression.program.facts;
    const bool reads_lists = std::any_of(facts.begin(), facts.end(), [&](std::uint32_t fact) {
      return policy.facts()[fact].type == FactType::string_list;
    });
    findings->add(reads_lists ? Severity::note : Severity::warning, "cost", expression.where,
                  warning);
  });
}

void check_missing(const CompiledPolicy& policy, Findings* findings) {
  std::set<std::uint32_t> told;   // where a rule speaks to an applicant
  for (const CompiledRuleOf& rule : policy.rules())
    if (rule.expr.is_compiled && !rule.rule->adverse_action.empty())
      told.insert(rule.expr.program.facts.begin(), rule.expr.program.facts.end());
  for (std::uint32_t ordinal = 0; ordinal < policy.facts().size(); ++ordinal) {
    const Fact& fact = policy.facts()[ordinal];
    if (fact.catalog_column != no_column && !fact.may_be_missing) {
      const Column& column = policy.catalog().columns[fact.catalog_column].column;
      for (std::uint32_t row = 0; row < column.n_rows; ++row)
        if (!column.is_present(row))
          findings->add(Severity::error, "missing",
                        "catalog." + std::string(policy.catalog().ids[row]),
                        fact_name(fact) + " is empty, and may not be missing");
    }
    const bool is_asked = fact.space == Namespace::context && fact.fallback.n_rows == 0;
    if (is_asked && told.contains(ordinal) && !fact.has_reason())
      findings->add(Severity::note, "missing", "facts." + fact_name(fact),
                    "no text for those who lack it: they are told that they fail the rules that "
                    "read it");
  }
}

void check_dates(const CompiledPolicy& policy, std::int64_t now, Findings* findings) {
  for (const Rule& rule : policy.policy().rules) {
    const std::string where = "rules." + std::string(rule.id);
    if (rule.to <= now)
      findings->add(Severity::warning, "dates", where, "ended at " + time_text(rule.to));
    if (rule.from > now)
      findings->add(Severity::note, "dates", where, "begins at " + time_text(rule.from));
  }
  const Catalog& catalog = policy.catalog();
  std::size_t n_ended = 0;
  for (const std::int64_t end : catalog.valid_to) n_ended += end <= now ? 1 : 0;
  if (n_ended > 0)
    findings->add(Severity::warning, "dates", "catalog",
                  std::to_string(n_ended) + " of " + std::to_string(catalog.n_offers) +
                      " offers have ended");
}

void check_placement(const CompiledPolicy& policy, Findings* findings) {
  std::map<std::uint32_t, std::string> by_slot;
  const Policy& document = policy.policy();
  std::size_t n_penalties = 0;
  for (const Term& term : document.terms) n_penalties += term.kind == TermKind::penalty ? 1 : 0;
  for (const MandatedOffer& mandated : document.mandated) {
    const std::string where = "placement.mandated." + std::string(mandated.offer);
    if (policy.catalog().n_offers > 0 && policy.catalog().find(mandated.offer) == no_offer)
      findings->add(Severity::error, "mandated", where, "the catalog has no such offer");
    const auto [held, is_first] = by_slot.emplace(mandated.slot, std::string(mandated.offer));
    if (!is_first && mandated.when.empty())
      findings->add(Severity::warning, "mandated", where,
                    "slot " + std::to_string(mandated.slot) + " is also mandated for " +
                        held->second);
    if (n_penalties > 0)
      findings->add(Severity::note, "bypass", where,
                    "stands at its slot whatever its score: " + std::to_string(n_penalties) +
                        " penalty terms cannot move it; rules and guardrails still remove it");
    if (document.guardrails.empty())
      findings->add(Severity::warning, "bypass", where,
                    "no guardrail stands before a mandated slot: a floor on the probability of "
                    "approval or purchase would be one");
    if (!document.caps.empty())
      findings->add(Severity::note, "bypass", where, "counts towards caps and is not held by them");
  }
}

}  // namespace guardrank::lint
