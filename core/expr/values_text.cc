// Texts: how long, what they hold, what they match.
#include "core/base/limits.h"
#include "core/expr/characters.h"
#include "core/expr/pattern.h"
#include "core/expr/values.h"

namespace guardrank {
namespace {

EvalProblem size_of(const ExprValue& value, ExprValue* result) {
  std::int64_t size = value.size;
  if (value.kind == ExprType::string) size = count_characters(value.text());
  else if (value.kind != ExprType::bytes && value.kind != ExprType::list &&
           value.kind != ExprType::map)
    return EvalProblem::no_overload;
  *result = ExprValue::of(size);
  return EvalProblem::none;
}

// A pattern that is no literal: read for this row.
EvalProblem read_for_row(const Call& call, Pattern* pattern) {
  const PatternRoom room = pattern_room(call[1].text());
  auto* steps = static_cast<PatternStep*>(call.take(room.n_steps * sizeof(PatternStep)));
  auto* pairs = static_cast<std::int32_t*>(call.take(room.n_pairs * sizeof(std::int32_t)));
  if (steps == nullptr || pairs == nullptr) return EvalProblem::limit;
  const std::string_view problem =
      read_pattern(call[1].text(), {steps, room.n_steps}, {pairs, room.n_pairs}, pattern);
  return problem.empty() ? EvalProblem::none : EvalProblem::bad_pattern;
}

}  // namespace

EvalProblem search_text(const Call& call, ExprValue* result) {
  if (call.function() == Function::size) return size_of(call[0], result);
  if (call[0].kind != ExprType::string || call[1].kind != ExprType::string)
    return EvalProblem::no_overload;
  const std::string_view text = call[0].text(), part = call[1].text();
  constexpr std::uint64_t characters_per_step = 64;
  bool holds = text.size() >= part.size();
  if (call.function() == Function::contains) {
    // Each place may compare the whole part.
    if (!call.charge(std::uint64_t{text.size()} * part.size() / characters_per_step))
      return EvalProblem::limit;
    holds = text.find(part) != std::string_view::npos;
  } else if (holds) {
    const std::size_t at =
        call.function() == Function::starts_with ? 0 : text.size() - part.size();
    holds = std::string_view{text.data() + at, part.size()} == part;
  }
  *result = ExprValue::of(holds);
  return EvalProblem::none;
}

EvalProblem match_text(const Call& call, ExprValue* result) {
  if (call[0].kind != ExprType::string || call[1].kind != ExprType::string)
    return EvalProblem::no_overload;
  Pattern read;
  const Pattern* pattern = static_cast<const Pattern*>(call.operation.elements);
  if (pattern == nullptr) {
    const EvalProblem problem = read_for_row(call, &read);
    if (problem != EvalProblem::none) return problem;
    pattern = &read;
  }
  // Every step of the pattern may be alive at every character.
  constexpr std::uint64_t states_per_step = 16;
  if (!call.charge((std::uint64_t{call[0].size} + 1) * pattern->steps.size() / states_per_step))
    return EvalProblem::limit;
  auto* scratch = static_cast<std::byte*>(call.take(pattern_scratch_bytes(*pattern)));
  if (scratch == nullptr) return EvalProblem::limit;
  *result = ExprValue::of(matches_pattern(*pattern, call[0].text(), scratch));
  return EvalProblem::none;
}

}  // namespace guardrank
