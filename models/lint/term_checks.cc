#include "models/lint/term_checks.h"

#include <algorithm>
#include <cmath>

#include "core/base/number_text.h"
#include "core/frame/frame.h"
#include "models/pack/pack_error.h"

namespace guardrank::lint {
namespace {

bool is_constant(const CompiledPolicy& policy, const CompiledExpression& term) {
  return term.is_compiled &&
         std::all_of(term.program.facts.begin(), term.program.facts.end(), [&](std::uint32_t fact) {
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

}  // namespace

void check_constant_terms(const CompiledPolicy& policy, Findings* findings) {
  for (std::size_t i = 0; i < policy.terms().size(); ++i) {
    const CompiledExpression& term = policy.terms()[i];
    if (!is_constant(policy, term)) continue;
    const std::string problem = problem_of(policy, policy.policy().terms[i], term.program);
    if (!problem.empty()) findings->add(Severity::error, "amount", term.where, problem);
  }
}

}  // namespace guardrank::lint
