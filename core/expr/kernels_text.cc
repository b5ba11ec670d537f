// Texts in lists and in other texts, without making values of them.
#include "core/base/limits.h"
#include "core/expr/machine.h"
#include "core/expr/text_equality.h"

namespace guardrank {
namespace {

// Whether an element of the list is `text`; takes steps for elements that are no texts.
bool finds(std::string_view text, const ExprValue& list, std::uint64_t* steps) {
  constexpr std::uint32_t short_size = 16;   // gone through to the end, without a branch
  bool is_found = false;
  if (list.holds_texts) {
    for (std::uint32_t i = 0; i < list.size && !(is_found && list.size > short_size); ++i)
      is_found |= equal_texts(list.texts[i], text);
    *steps -= list.size;
  } else {
    for (std::uint32_t i = 0; i < list.size && !is_found && *steps > 0; ++i)
      is_found = equal_values(ExprValue::of(text), list.elements[i], steps);
  }
  return is_found;
}

// A text `in` a list. Each element is a step.
void in_list_kernel(const Operation& operation, Machine& machine) {
  const Lane& left = machine.lanes[operation.left];
  const Lane& right = machine.lanes[operation.right];
  Lane& target = machine.lanes[operation.target];
  const auto* texts = left.read<std::string_view>();
  const ExprValue* lists = right.read<ExprValue>();
  std::uint8_t* out = target.write<std::uint8_t>();
  EvalProblem* problems = target.own_problems;
  const std::uint32_t n = machine.n_rows;
  const bool is_one_list = right.is_uniform && lists->holds_texts;
  bool has_problems = false;
  __builtin_memset(out, 0, n);
  for (std::uint32_t i = 0; is_one_list && i < lists->size; ++i)
    match_texts(texts, n, lists->texts[i], TextPlace::whole, out);
  for (std::uint32_t i = 0; i < n; ++i) {
    std::uint64_t steps = limits::evaluation_row_steps;
    if (is_one_list) steps -= lists->size;
    else out[i] = finds(texts[i], lists[i], &steps) ? 1 : 0;
    const bool has_enough = machine.charge(i, limits::evaluation_row_steps - steps);
    problems[i] = has_enough ? EvalProblem::none : EvalProblem::limit;
    has_problems = has_problems || !has_enough;
  }
  settle(left, &right, n, has_problems, &target);
}

// startsWith, endsWith.
void affix_kernel(const Operation& operation, Machine& machine) {
  const Lane& left = machine.lanes[operation.left];
  const Lane& right = machine.lanes[operation.right];
  Lane& target = machine.lanes[operation.target];
  const auto* texts = left.read<std::string_view>();
  const auto* parts = right.read<std::string_view>();
  std::uint8_t* out = target.write<std::uint8_t>();
  const std::uint32_t n = machine.n_rows;
  const TextPlace place =
      operation.function == Function::ends_with ? TextPlace::end : TextPlace::begin;
  __builtin_memset(out, 0, n);
  if (right.is_uniform) match_texts(texts, n, *parts, place, out);
  else for (std::uint32_t i = 0; i < n; ++i) match_texts(texts + i, 1, parts[i], place, out + i);
  settle(left, &right, n, false, &target);
}

}  // namespace

Kernel text_kernel(OpCode code) {
  if (code == OpCode::in_list) return in_list_kernel;
  return code == OpCode::affix ? affix_kernel : nullptr;
}

}  // namespace guardrank
