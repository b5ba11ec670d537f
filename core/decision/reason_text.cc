#include "core/decision/reason_text.h"

namespace guardrank {
namespace {

constexpr std::string_view fact_missing = "FACT_MISSING";

ReasonText describe_cause(const Pipeline& pipeline, const Reason& reason) {
  const Policy& policy = *pipeline.policy;
  switch (reason.kind) {
    case ReasonKind::rule: {
      if (reason.index >= policy.rules.size()) break;
      const Rule& rule = policy.rules[reason.index];
      return {rule.id, rule.code, rule.text, rule.adverse_action, {}, {}, {}};
    }
    case ReasonKind::guardrail: {
      if (reason.index >= policy.guardrails.size()) break;
      const Guardrail& guardrail = policy.guardrails[reason.index];
      return {guardrail.id, guardrail.code, guardrail.text, {}, {}, {}, {}};
    }
    case ReasonKind::term:
      if (reason.index >= policy.terms.size()) break;
      return {policy.terms[reason.index].id, "TERM_UNKNOWN", "Its value could not be computed",
              {}, {}, {}, {}};
    case ReasonKind::probability:
      if (reason.index >= pipeline.model->heads.size()) break;
      return {pipeline.model->heads[reason.index].name, "PROBABILITY_UNKNOWN",
              "Its probability could not be computed", {}, {}, {}, {}};
    case ReasonKind::validity:
      return {"validity", "NOT_VALID", "Not offered at this time", {}, {}, {}, {}};
    case ReasonKind::retrieval:
      return {"retrieval", "NOT_RETRIEVED", "Others were chosen to be scored", {}, {}, {}, {}};
    case ReasonKind::fact:
      if (reason.index >= pipeline.fact_names.size()) break;
      return {pipeline.fact_names[reason.index], fact_missing, "A fact is missing",
              {}, {}, {}, {}};
  }
  return {};
}

}  // namespace

ReasonText describe(const Pipeline& pipeline, const Reason& reason) {
  ReasonText text = describe_cause(pipeline, reason);
  text.value = reason_value_name(reason.value);
  text.problem = eval_problem_text(static_cast<EvalProblem>(reason.problem));
  if (reason.missing_fact < pipeline.fact_names.size()) {
    text.missing = pipeline.fact_names[reason.missing_fact];
    const Fact& fact = (*pipeline.facts)[reason.missing_fact];
    const bool is_kept = reason.kind == ReasonKind::term || !fact.has_reason();
    if (!is_kept) {
      text.code = fact.reason_code.empty() ? fact_missing : fact.reason_code;
      text.text = fact.reason_text;
      text.adverse_action = fact.adverse_action;
    }
  }
  return text;
}

}  // namespace guardrank
