#include "models/pack/expressions/failure_finder.h"

#include <algorithm>

#include "core/expr/check.h"
#include "core/expr/compile.h"
#include "core/expr/parser.h"
#include "core/expr/pattern.h"

namespace guardrank::pack {
namespace {

constexpr std::size_t most_parts = 5000;

// Why a text is no pattern; empty: it is one, or there is no memory to tell.
std::string_view pattern_problem(std::string_view text, Arena* arena) {
  const PatternRoom room = pattern_room(text);
  std::span<PatternStep> steps;
  std::span<std::int32_t> pairs;
  Pattern pattern;
  if (arena->make(room.n_steps, &steps) != Status::ok ||
      arena->make(room.n_pairs, &pairs) != Status::ok)
    return {};
  return read_pattern(text, steps, pairs, &pattern);
}

// How a text would have to be written.
std::string_view wanted_text(Function function) {
  switch (function) {
    case Function::to_timestamp: return "a time is written '2026-11-21T10:00:00Z', with its zone";
    case Function::to_duration: return "a duration is written '36h', '1h30m' or '2.5s'";
    default: return {};
  }
}

}  // namespace

ExprValue first_value(const EvaluatedColumn& column) {
  switch (column.type) {
    case ExprType::boolean: return ExprValue::of(column.booleans[0] != 0);
    case ExprType::integer: return ExprValue::of(column.integers[0]);
    case ExprType::unsigned_integer:
      return ExprValue::of(static_cast<std::uint64_t>(column.integers[0]));
    case ExprType::number: return ExprValue::of(column.numbers[0]);
    case ExprType::string: return ExprValue::of(column.strings[0]);
    default: return column.values[0];
  }
}

bool FailureFinder::open() {
  return parse_expression(diagnostic_, scope_, arena_, &tree_) == Status::ok &&
         check_expression(diagnostic_, scope_, ExprType::dyn, &tree_) == Status::ok;
}

// The part as an expression of its own: its root comes last, and what stands before it and belongs
// elsewhere is nothing to compute.
bool FailureFinder::take_part(std::uint32_t root, SyntaxTree* part) {
  part->n_macros = tree_.n_macros;
  if (taken_.empty() && arena_->make(tree_.nodes.size(), &taken_) != Status::ok) return false;
  part->nodes = taken_.first(root + 1);
  std::copy_n(tree_.nodes.begin(), root + 1, part->nodes.begin());
  for (Node& node : part->nodes) node.is_folded = true;
  part->root().is_folded = false;
  for (std::size_t i = root + 1; i-- > 0;) {
    const Node& node = part->nodes[i];
    if (node.is_folded) continue;
    for (std::uint32_t at = node.first_child; at != no_node; at = part->nodes[at].next_sibling)
      part->nodes[at].is_folded = false;
  }
  return true;
}

PartOutcome FailureFinder::run(std::uint32_t root) {
  PartOutcome outcome;
  SyntaxTree part;
  Program program;
  EvaluatedColumn column;
  if (++n_parts_ > most_parts || !take_part(root, &part) ||
      compile_tree(diagnostic_, scope_, ExprType::dyn, &part, arena_, &program) != Status::ok ||
      evaluate(program, frame_, &column) != Status::ok)
    return outcome;
  outcome.is_known = true;
  outcome.state = column.state(0);
  if (outcome.state == RowState::value) outcome.value = first_value(column);
  if (outcome.state == RowState::error) outcome.problem = column.problems[0];
  return outcome;
}

bool FailureFinder::fails(std::uint32_t at) {
  const PartOutcome outcome = run(at);
  return outcome.is_known && outcome.state == RowState::error;
}

// Of a part that is an error.
std::uint32_t FailureFinder::innermost(std::uint32_t at) {
  for (std::uint32_t next = failing_child(at); next != no_node; next = failing_child(at))
    at = next;
  return at;
}

std::uint32_t FailureFinder::child(const Node& node, std::uint32_t which) const {
  std::uint32_t at = node.first_child;
  for (; which > 0; --which) at = tree_.nodes[at].next_sibling;
  return at;
}

std::uint32_t FailureFinder::failing_child(std::uint32_t at) {
  const Node& node = tree_.nodes[at];
  if (node.kind == NodeKind::conditional) return failing_branch(node);
  if (node.kind == NodeKind::macro) return failing_element(node);
  for (std::uint32_t one = node.first_child; one != no_node; one = tree_.nodes[one].next_sibling)
    if (fails(one)) return one;
  return no_node;
}

std::uint32_t FailureFinder::failing_branch(const Node& node) {
  const PartOutcome condition = run(child(node, 0));
  if (condition.state == RowState::error) return child(node, 0);
  if (!condition.is_known || condition.value.kind != ExprType::boolean) return no_node;
  const std::uint32_t taken = child(node, condition.value.integer != 0 ? 1 : 2);
  return fails(taken) ? taken : no_node;
}

std::uint32_t FailureFinder::failing_element(const Node& node) {
  const PartOutcome range = run(child(node, 0));
  if (range.state == RowState::error) return child(node, 0);
  const bool has_elements =
      range.value.kind == ExprType::list || range.value.kind == ExprType::map;
  if (!range.is_known || !has_elements) return no_node;
  release(node.scope);
  for (std::uint32_t i = 0; i < range.value.size && n_parts_ < most_parts; ++i) {
    bind(node.scope, element_of(range.value, i));
    for (std::uint32_t part = 1; part < node.n_children; ++part)
      if (fails(child(node, part))) return child(node, part);
  }
  return no_node;
}

// What stood within the macro stands by itself.
void FailureFinder::release(const MacroScope* scope) {
  for (const Node& node : tree_.nodes)
    if (node.scope != nullptr && node.scope->enclosing == scope)
      node.scope->enclosing = scope->enclosing;
}

void FailureFinder::bind(const MacroScope* scope, const ExprValue& element) {
  for (Node& node : tree_.nodes) {
    const bool is_variable = node.kind == NodeKind::variable || node.kind == NodeKind::literal;
    if (!is_variable || node.scope != scope) continue;
    node.kind = NodeKind::literal;
    node.constant = element;
  }
}

std::string FailureFinder::problem_text(EvalProblem problem, std::uint32_t part) {
  const Node& node = tree_.nodes[part];
  std::string_view more;
  if (problem == EvalProblem::bad_pattern && node.n_children == 2) {
    const ExprValue pattern = run(child(node, 1)).value;
    if (pattern.kind == ExprType::string) more = pattern_problem(pattern.text(), arena_);
  } else if (problem == EvalProblem::bad_text && node.n_children == 1 &&
             tree_.child(node, 0).type.kind == ExprType::string) {
    more = wanted_text(node.function);
  }
  std::string text(eval_problem_text(problem));
  return more.empty() ? text : text + ": " + std::string(more);
}

}  // namespace guardrank::pack
