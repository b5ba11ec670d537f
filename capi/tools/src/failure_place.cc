#include "capi/tools/src/failure_place.h"

#include <algorithm>

#include "capi/tools/src/expression_text.h"
#include "core/expr/check.h"
#include "core/expr/compile.h"
#include "core/expr/diagnostic.h"
#include "core/expr/parser.h"

namespace guardrank::tools {
namespace {

constexpr std::size_t most_parts = 5000;

struct Outcome {
  bool is_known = false;   // else it could not be run
  RowState state = RowState::value;
  ExprValue value;
};

class FailureFinder {
 public:
  FailureFinder(const Diagnostic& diagnostic, const ExpressionScope& scope, Frame* frame,
                Arena* arena)
      : diagnostic_{diagnostic.source, diagnostic.where, nullptr}, scope_(scope), frame_(frame),
        arena_(arena) {}

  // The part that the error comes from; null where the expression cannot be taken apart.
  const Node* find() {
    if (parse_expression(diagnostic_, scope_, arena_, &tree_) != Status::ok ||
        check_expression(diagnostic_, scope_, ExprType::dyn, &tree_) != Status::ok)
      return nullptr;
    const std::uint32_t root = static_cast<std::uint32_t>(tree_.nodes.size() - 1);
    return fails(root) ? &tree_.nodes[innermost(root)] : nullptr;
  }

 private:
  // The part as an expression of its own: its root comes last, and what stands before it and belongs
  // elsewhere is nothing to compute.
  bool take_part(std::uint32_t root, SyntaxTree* part) {
    part->n_macros = tree_.n_macros;
    if (arena_->make(root + 1, &part->nodes) != Status::ok) return false;
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

  Outcome run(std::uint32_t root) {
    Outcome outcome;
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
    return outcome;
  }

  bool fails(std::uint32_t at) {
    const Outcome outcome = run(at);
    return outcome.is_known && outcome.state == RowState::error;
  }

  // Of a part that is an error.
  std::uint32_t innermost(std::uint32_t at) {
    for (std::uint32_t next = failing_child(at); next != no_node; next = failing_child(at))
      at = next;
    return at;
  }

  std::uint32_t child(const Node& node, std::uint32_t which) const {
    std::uint32_t at = node.first_child;
    for (; which > 0; --which) at = tree_.nodes[at].next_sibling;
    return at;
  }

  std::uint32_t failing_child(std::uint32_t at) {
    const Node& node = tree_.nodes[at];
    if (node.kind == NodeKind::conditional) return failing_branch(node);
    if (node.kind == NodeKind::macro) return failing_element(node);
    for (std::uint32_t one = node.first_child; one != no_node; one = tree_.nodes[one].next_sibling)
      if (fails(one)) return one;
    return no_node;
  }

  std::uint32_t failing_branch(const Node& node) {
    const Outcome condition = run(child(node, 0));
    if (condition.state == RowState::error) return child(node, 0);
    if (!condition.is_known || condition.value.kind != ExprType::boolean) return no_node;
    const std::uint32_t taken = child(node, condition.value.integer != 0 ? 1 : 2);
    return fails(taken) ? taken : no_node;
  }

  std::uint32_t failing_element(const Node& node) {
    const Outcome range = run(child(node, 0));
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
  void release(const MacroScope* scope) {
    for (const Node& node : tree_.nodes)
      if (node.scope != nullptr && node.scope->enclosing == scope)
        node.scope->enclosing = scope->enclosing;
  }

  void bind(const MacroScope* scope, const ExprValue& element) {
    for (Node& node : tree_.nodes) {
      const bool is_variable = node.kind == NodeKind::variable || node.kind == NodeKind::literal;
      if (!is_variable || node.scope != scope) continue;
      node.kind = NodeKind::literal;
      node.constant = element;
    }
  }

  const Diagnostic diagnostic_;
  const ExpressionScope& scope_;
  Frame* frame_;
  Arena* arena_;
  SyntaxTree tree_;
  std::size_t n_parts_ = 0;
};

}  // namespace

Status report_failure(std::string_view source, std::string_view where,
                      const ExpressionScope& scope, EvalProblem problem, Frame* frame,
                      Arena* arena, Error* error) {
  const Diagnostic diagnostic{source, where, error};
  const Node* node = FailureFinder(diagnostic, scope, frame, arena).find();
  const std::string_view text = eval_problem_text(problem);
  if (node == nullptr) return error->set(Status::eval, where, {text});
  if (node->kind != NodeKind::failure)
    return diagnostic.report(Status::eval, node->offset, {text});
  const std::string_view dot = node->qualifier.empty() ? "" : ".";
  return diagnostic.report(Status::eval, node->offset,
                           {text, " '", clipped(node->qualifier), dot, clipped(node->name), "'"});
}

}  // namespace guardrank::tools
