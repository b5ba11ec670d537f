#include "models/lint/term_checks.h"

#include <algorithm>
#include <cmath>

#include "core/base/number_text.h"
#include "core/frame/frame.h"
#include "models/lint/condition.h"
#include "models/pack/pack_error.h"

namespace guardrank::lint {
namespace {

constexpr std::size_t term_contexts = 128, term_rows = 128;

bool is_constant(const CompiledPolicy& policy, const CompiledExpression& term) {
  return std::all_of(term.program.facts.begin(), term.program.facts.end(), [&](std::uint32_t fact) {
    return policy.facts()[fact].space == Namespace::parameter;
  });
}

std::string number(double value) {
  char text[max_number_text_bytes];
  return {text, write_double(value, text)};
}

// What the engine makes of it for one offer; empty: nothing is wrong.
std::string problem_of(const CompiledPolicy& policy, const Term& term, const Program& program) {
  pack::Memory memory;
  Request request(policy.facts(), nullptr, pack::system_allocator());
  const std::string_view offer = "o";
  Error error;
  pack::throw_if(request.set_candidates({&offer, 1}, &error), error);
  Frame frame;
  EvaluatedColumn column;
  if (frame.open(request, &memory.arena()) != Status::ok ||
      evaluate(program, &frame, &column) != Status::ok)
    throw pack::PackError(Status::memory, "terms", "no memory to try them");
  if (column.state(0) != RowState::value || !std::isfinite(column.numbers[0]))
    return "no amount, whatever the facts are: every offer is removed";
  if (term.kind == TermKind::penalty && column.numbers[0] < 0)
    return "a penalty of " + number(column.numbers[0]) +
           ", whatever the facts are: below 0 it is an error that removes every offer; a penalty "
           "states what is lost, and is subtracted";
  return "";
}

// What a term came to on the values tried.
struct Amounts {
  bool is_some = false, is_below_zero = false, is_above_zero = false;
};

Amounts try_term(const CompiledExpression& term, Trial* trial) {
  Amounts amounts;
  for (std::size_t c = 0; c < trial->n_contexts() && !amounts.is_above_zero; ++c) {
    trial->set_context(c);
    const EvaluatedColumn column = trial->evaluate(term);
    for (std::uint32_t row = 0; row < trial->n_rows(); ++row) {
      if (column.state(row) != RowState::value) continue;
      const double amount = column.numbers[column.row_of(row)];
      if (!std::isfinite(amount)) continue;
      amounts.is_some = true;
      amounts.is_below_zero |= amount < 0;
      amounts.is_above_zero |= amount > 0;
    }
  }
  return amounts;
}

// A term that reads something: what was never met may still be, so these are warnings.
std::string problem_of_tried(const CompiledPolicy& policy, const Term& term,
                             const CompiledExpression& expression, std::int64_t now) {
  Trial trial(policy, critical_values(policy, {&expression}, now), term_contexts, term_rows, now);
  const Amounts amounts = try_term(expression, &trial);
  if (!amounts.is_some) return "no amount on any of " + tried(trial) + ": it removes the offer";
  if (term.kind == TermKind::penalty && amounts.is_below_zero && !amounts.is_above_zero)
    return "a penalty that is below 0 on some of " + tried(trial) +
           " and above 0 on none: below 0 it is an error that removes the offer; a penalty states "
           "what is lost, and is subtracted";
  return "";
}

void check_units_of_heads(const CompiledPolicy& policy, const Term& term,
                          const CompiledExpression& expression, Findings* findings) {
  for (const Head& head : policy.heads()) {
    const std::uint32_t fact = policy.facts().find(Namespace::value, head.name);
    const auto& read = expression.program.facts;
    const bool is_read = std::find(read.begin(), read.end(), fact) != read.end();
    if (is_read && !head.unit.empty() && !term.unit.empty() && head.unit != term.unit)
      findings->add(Severity::warning, "unit", expression.where,
                    "in \"" + std::string(term.unit) + "\", and reads value." +
                        std::string(head.name) + ", which the model gives in \"" +
                        std::string(head.unit) + "\"");
  }
}

}  // namespace

void check_terms(const CompiledPolicy& policy, std::int64_t now, Findings* findings) {
  for (std::size_t i = 0; i < policy.terms().size(); ++i) {
    const CompiledExpression& expression = policy.terms()[i];
    const Term& term = policy.policy().terms[i];
    if (!expression.is_compiled) continue;
    const bool is_proven = is_constant(policy, expression);
    const std::string problem = is_proven ? problem_of(policy, term, expression.program)
                                          : problem_of_tried(policy, term, expression, now);
    if (!problem.empty())
      findings->add(is_proven ? Severity::error : Severity::warning, "amount", expression.where,
                    problem);
    check_units_of_heads(policy, term, expression, findings);
  }
}

}  // namespace guardrank::lint
