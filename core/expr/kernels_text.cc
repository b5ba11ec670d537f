// Texts in lists and in other texts, without making values of them.
#include "core/base/limits.h"
#include "core/expr/flat_lists.h"
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

// One list for all rows, or one text for lists that stand one after the other.
bool finds_together(const Lane& left, const Lane& right, std::uint32_t n, std::uint8_t* out) {
  const auto* texts = left.read<std::string_view>();
  const ExprValue* lists = right.read<ExprValue>();
  if (right.is_uniform && lists->holds_texts) {
    match_texts(texts, n, {lists->texts, lists->size}, TextPlace::whole, out);
    return true;
  }
  if (!left.is_uniform || right.flat.offsets == nullptr) return false;
  for (FlatRows rows(right.flat, n, longest_tile, out); rows.n_elements() != 0;) {
    std::uint8_t marks[longest_tile] = {};
    match_texts(rows.elements(), rows.n_elements(), {texts, 1}, TextPlace::whole, marks);
    rows.find(marks, 1);
  }
  return true;
}

// A text `in` a list. Each element is a step.
void in_list_kernel(const Operation& operation, Machine& machine) {
  const Lane& left = machine.lanes[operation.left];
  const Lane& right = machine.lanes[operation.right];
  Lane& target = machine.lanes[operation.target];
  const auto* texts = left.read<std::string_view>();
  const ExprValue* lists = right.read<ExprValue>();
  std::uint8_t* out = target.write<std::uint8_t>();
  const std::uint32_t n = machine.n_rows;
  __builtin_memset(out, 0, n);
  const bool is_done = finds_together(left, right, n, out);
  bool has_problems = false;
  for (std::uint32_t i = 0; (!is_done || machine.counts_steps) && i < n; ++i) {
    std::uint64_t steps = limits::evaluation_row_steps;
    if (is_done) steps -= lists[i].size;
    else out[i] = finds(texts[i], lists[i], &steps) ? 1 : 0;
    const bool has_enough = machine.charge(i, limits::evaluation_row_steps - steps);
    target.own_problems[i] = has_enough ? EvalProblem::none : EvalProblem::limit;
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
  const std::uint32_t step = right.is_uniform ? n : 1;
  for (std::uint32_t i = 0; i < n; i += step)
    match_texts(texts + i, step, {parts + i, 1}, place, out + i);
  settle(left, &right, n, false, &target);
}

}  // namespace

Kernel text_kernel(OpCode code) {
  if (code == OpCode::in_list) return in_list_kernel;
  return code == OpCode::affix ? affix_kernel : nullptr;
}

}  // namespace guardrank
