#include "models/lint/compiled_policy.h"

#include "core/engine/bind_facts.h"
#include "core/placement/placement.h"
#include "models/pack/expressions/constant_parts.h"

namespace guardrank::lint {
namespace {

// The check's name for what the compiler refused.
std::string_view check_of(Status status) {
  switch (status) {
    case Status::parse: return "syntax";
    case Status::typecheck: return "type";
    case Status::name: return "name";
    case Status::protected_fact: return "protected";
    case Status::eval: return "fails";
    default: return "compile";
  }
}

std::string text_of(std::string_view text) { return std::string(text); }

// The message without the place, which the finding has already.
std::string message_of(const Error& error) {
  std::string message(error.message());
  const std::string place = std::string(error.where()) + ": ";
  if (message.starts_with(place)) message.erase(0, place.size());
  return message;
}

}  // namespace

void CompiledPolicy::compile(CompiledExpression* expression, NamespaceSet allowed,
                             ExprType wanted) {
  Error error;
  Status status =
      compile_expression(expression->source, expression->where, facts_, allowed, wanted,
                         &memory_.arena(), &expression->program, &error);
  if (status == Status::ok)
    status = pack::check_constant_parts(expression->source, expression->where, facts_, allowed,
                                        &error);
  expression->is_compiled = status == Status::ok;
  if (expression->is_compiled) {
    expression->exactness =
        exactness_of(expression->source, facts_, allowed, &memory_.arena());
    return;
  }
  is_all_compiled_ = false;
  report(status, error);
}

void CompiledPolicy::report(Status status, const Error& error) {
  findings_->add(Severity::error, check_of(status), text_of(error.where()), message_of(error));
}

// What placement groups offers by, each for itself.
void CompiledPolicy::check_groups() {
  const auto check = [&](std::string_view fact, const std::string& where) {
    Error error;
    std::uint32_t ordinal = no_fact;
    const Status status = find_group(fact, where, facts_, &ordinal, &error);
    if (status != Status::ok) report(status, error);
  };
  for (std::size_t i = 0; i < policy_.caps.size(); ++i)
    check(policy_.caps[i].fact, "placement.caps[" + std::to_string(i) + "].fact");
  for (std::size_t i = 0; i < policy_.diversity.facts.size(); ++i)
    check(policy_.diversity.facts[i], "placement.diversity.facts[" + std::to_string(i) + "]");
}

CompiledPolicy::CompiledPolicy(const Policy& policy, const Catalog& catalog,
                               std::span<const Field> fields, StatedHeads heads,
                               Findings* findings)
    : policy_(policy), catalog_(catalog), heads_(std::move(heads)), findings_(findings) {
  Model model;
  model.fields = fields;
  model.heads = heads_.heads();
  Error error;
  const Status status = bind_facts(model, policy, catalog, &memory_.arena(), &facts_, &error);
  if (status != Status::ok) report(status, error);
  is_bound_ = status == Status::ok || status == Status::protected_fact;   // the table is whole
  if (!is_bound_) return;
  for (const Rule& rule : policy.rules) {
    CompiledRuleOf compiled{&rule, {"rules." + text_of(rule.id), rule.expr, false, {}, {}},
                            {"rules." + text_of(rule.id) + ".when", rule.when, false, {}, {}}};
    compile(&compiled.expr, facts_only, ExprType::boolean);
    if (!rule.when.empty()) compile(&compiled.when, facts_only, ExprType::boolean);
    rules_.push_back(std::move(compiled));
  }
  for (const Guardrail& guardrail : policy.guardrails) {
    guardrails_.push_back({"guardrails." + text_of(guardrail.id), guardrail.expr, false, {}, {}});
    compile(&guardrails_.back(), facts_and_outcomes, ExprType::boolean);
  }
  for (const Term& term : policy.terms) {
    terms_.push_back({"terms." + text_of(term.id), term.expr, false, {}, {}});
    compile(&terms_.back(), facts_and_outcomes, ExprType::number);
  }
  for (const MandatedOffer& mandated : policy.mandated) {
    mandates_.push_back(
        {"placement.mandated." + text_of(mandated.offer), mandated.when, false, {}, {}});
    if (!mandated.when.empty()) compile(&mandates_.back(), facts_and_outcomes, ExprType::boolean);
  }
  check_groups();
}

}  // namespace guardrank::lint
