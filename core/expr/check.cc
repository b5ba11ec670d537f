#include "core/expr/check.h"

#include <algorithm>

#include "core/base/limits.h"
#include "core/expr/names.h"

namespace guardrank {
namespace {

constexpr ExprType dyn = ExprType::dyn;

using TypeText = Text<48>;

// "list(string)", "map(string, double)".
TypeText shape_name(const TypeShape& type) {
  const std::string_view kind = expr_type_name(type.kind), element = expr_type_name(type.element);
  if (type.kind == ExprType::list && type.element != dyn) return {kind, "(", element, ")"};
  if (type.kind == ExprType::map && (type.key != dyn || type.element != dyn))
    return {kind, "(", expr_type_name(type.key), ", ", element, ")"};
  return {kind};
}

// One type for both; `dyn` where they differ.
ExprType joined(ExprType a, ExprType b) { return a == b ? a : dyn; }
TypeShape joined(const TypeShape& a, const TypeShape& b) {
  return {joined(a.kind, b.kind), joined(a.element, b.element), joined(a.key, b.key)};
}

bool can_be_equal(ExprType a, ExprType b) {
  Overload overload;
  return find_overload(Function::equal, a, b, &overload);
}

bool can_be_key(ExprType type) {
  ExprValue value;
  value.kind = type;
  return type == dyn || is_key(value);
}

class Checker {
 public:
  Checker(const Diagnostic& diagnostic, const ExpressionScope& scope, SyntaxTree* tree)
      : diagnostic_(diagnostic), scope_(scope), tree_(*tree) {}

  // Children stand before their parents, so one pass in order is enough.
  Status check(ExprType wanted) {
    for (Node& node : tree_.nodes) {
      GUARDRANK_TRY(check_node(&node));
      bound_elements(&node);
      for (std::uint32_t at = node.first_child; at != no_node; at = tree_.nodes[at].next_sibling)
        node.varies = node.varies || tree_.nodes[at].varies;
      node.varies = node.varies || scope_.is_by_row;
    }
    return check_root(wanted);
  }

 private:
  // Only lists and maps have elements.
  static bool has_elements(ExprType type) {
    return type == dyn || type == ExprType::list || type == ExprType::map;
  }
  static void bound_elements(Node* node) {
    if (!has_elements(node->type.kind)) node->most_elements = 0;
    if (node->most_elements == 0 || !has_elements(node->type.element)) node->most_inner = 0;
  }

  Status check_node(Node* node) {
    switch (node->kind) {
      case NodeKind::literal: return check_literal(node);
      case NodeKind::name: return check_name(node);
      case NodeKind::variable: return check_variable(node);
      case NodeKind::select: return check_select(node);
      case NodeKind::call: return check_call(node);
      case NodeKind::conditional: return check_conditional(node);
      case NodeKind::list:
      case NodeKind::map: return check_elements(node);
      case NodeKind::macro: return check_macro(node);
      case NodeKind::failure: break;
    }
    return Status::internal;
  }

  // What an expression must not do, or what fails when it runs where nothing is checked.
  Status refuse(Node* node, Status code, std::uint32_t offset,
                std::initializer_list<TextPiece> message) {
    if (scope_.is_checked) return diagnostic_.report(code, offset, message);
    if (node->type.kind != ExprType::boolean) node->type = {dyn};
    return Status::ok;
  }

  Status check_literal(Node* node) {
    const ExprValue& constant = node->constant;
    const bool holds = constant.kind == ExprType::list || constant.kind == ExprType::map;
    if (holds) node->most_elements = constant.size;
    node->most_inner = limits::expression_list;
    if (node->type.kind != dyn) node->type = {constant.kind};
    return Status::ok;
  }

  Status check_name(Node* node) {
    if (scope_.is_checked) return resolve_name(diagnostic_, scope_, node);
    const Diagnostic silent{diagnostic_.source, diagnostic_.where, nullptr};
    const Status status = resolve_name(silent, scope_, node);
    if (status != Status::name) return status;
    node->kind = NodeKind::failure;
    node->problem = EvalProblem::unknown_name;
    node->type = {dyn};
    return Status::ok;
  }

  Status check_variable(Node* node) {
    const Node& range = tree_.nodes[node->scope->range];
    const bool is_map = range.type.kind == ExprType::map;
    node->varies = range.varies;
    node->type = {is_map ? range.type.key : range.type.kind == ExprType::list ? range.type.element
                                                                              : dyn};
    node->most_elements = node->most_inner = range.most_inner;
    return Status::ok;
  }

  Status check_select(Node* node) {
    const Node& operand = tree_.child(*node, 0);
    const bool is_map = operand.type.kind == ExprType::map;
    node->most_elements = node->most_inner = operand.most_inner;
    node->type = {node->is_presence_test ? ExprType::boolean : is_map ? operand.type.element : dyn};
    if (is_map || operand.type.kind == dyn) return Status::ok;
    return refuse(node, Status::typecheck, node->offset,
                  {"a value of type ", shape_name(operand.type).view(), " has no field '",
                   clipped(node->name), "'"});
  }

  Status check_call(Node* node) {
    if (node->function == Function::none) {
      node->type = {dyn};
      return refuse(node, Status::name, node->offset,
                    {"no function is called '", clipped(node->name), "'"});
    }
    const NamedFunction& function = function_row(node->function);
    if (node->n_children < function.n_least || node->n_children > function.n_most)
      return diagnostic_.report(Status::typecheck, node->offset,
                                {"'", function.name, "' takes ", std::uint32_t{function.n_least},
                                 " argument", function.n_least == 1 ? "" : "s", ", found ",
                                 node->n_children});
    const bool is_of_one_type = node->function == Function::least ||
                                node->function == Function::greatest ||
                                node->function == Function::clamp;
    return is_of_one_type ? check_same(node) : check_overload(node);
  }

  Status check_overload(Node* node) {
    const bool is_unary = node->n_children == 1;
    const Node& left = tree_.child(*node, 0);
    const Node& right = tree_.child(*node, is_unary ? 0 : 1);
    Overload overload;
    const ExprType second = is_unary ? ExprType::null : right.type.kind;
    const bool is_test = is_comparison(node->function) || is_logical(node->function);
    if (is_test) node->type = {ExprType::boolean};
    if (!find_overload(node->function, left.type.kind, second, &overload))
      return is_unary ? report_operand(node, left) : report_mismatch(node, left, right);
    if (!is_test) node->type = {overload.result};
    switch (node->function) {
      case Function::index: return check_index(node, left, right);
      case Function::in: return check_in(node, left, right);
      case Function::add: check_joint_list(node, left, right); break;
      case Function::to_dyn:
        node->most_elements = left.most_elements;
        node->most_inner = left.most_inner;
        break;
      case Function::sum: return check_sum(node, left);
      case Function::decayed_count:
        return node->n_children == 2 ? Status::ok : check_weights(node, tree_.child(*node, 2));
      default: break;
    }
    return Status::ok;
  }

  void check_joint_list(Node* node, const Node& left, const Node& right) {
    node->most_elements =
        std::min(limits::expression_list, left.most_elements + right.most_elements);
    node->most_inner = std::max(left.most_inner, right.most_inner);
    if (node->type.kind != ExprType::list) return;
    node->type = joined(left.type, right.type);
    if (left.most_elements == 0 && left.kind == NodeKind::list) node->type = right.type;
    if (right.most_elements == 0 && right.kind == NodeKind::list) node->type = left.type;
  }

  Status report_operand(Node* node, const Node& operand) {
    return refuse(node, Status::typecheck, node->offset,
                  {"'", function_text(node->function), "' does not take ",
                   shape_name(operand.type).view()});
  }

  Status report_mismatch(Node* node, const Node& left, const Node& right) {
    const Text<96> hint = mismatch_hint(node->function, left, right);
    return refuse(node, Status::typecheck, node->offset,
                  {"'", function_text(node->function), "' does not take ",
                   shape_name(left.type).view(), " and ", shape_name(right.type).view(),
                   hint.view()});
  }

  Text<96> mismatch_hint(Function function, const Node& left, const Node& right) {
    const ExprType a = left.type.kind, b = right.type.kind;
    const bool are_numeric = is_numeric(a) && is_numeric(b);
    if (are_numeric && a != b) return conversion_hint(left, right);
    if (is_comparison(function) && (a == ExprType::null || b == ExprType::null))
      return {"; whether a fact is there is has(...)"};
    if (function == Function::modulo && are_numeric) return {"; the remainder is for int and uint"};
    return {};
  }

  // CEL never converts in arithmetic: "2" and "2.0" are two types.
  Text<96> conversion_hint(const Node& left, const Node& right) {
    const bool is_left = left.type.kind == ExprType::number;
    if (!is_left && right.type.kind != ExprType::number)
      return {"; write both as int or both as uint"};
    const ExprValue& whole = (is_left ? right : left).constant;
    if (whole.kind == ExprType::integer)
      return {"; write ", whole.integer, ".0 instead of ", whole.integer};
    return {"; convert with double(...)"};
  }

  Status check_index(Node* node, const Node& left, const Node& right) {
    node->type = {left.type.kind == dyn ? dyn : left.type.element};
    node->most_elements = node->most_inner = left.most_inner;
    const bool is_map = left.type.kind == ExprType::map;
    if (!is_map || can_be_equal(left.type.key, right.type.kind)) return Status::ok;
    return report_mismatch(node, left, right);
  }

  Status check_sum(Node* node, const Node& list) {
    node->type = {list.type.element};
    if (is_numeric(node->type.kind) || node->type.kind == ExprType::duration ||
        node->type.kind == dyn)
      return Status::ok;
    return report_operand(node, list);
  }

  Status check_weights(Node* node, const Node& weights) {
    const bool is_list = weights.type.kind == ExprType::list || weights.type.kind == dyn;
    const ExprType element = weights.type.element;
    if (is_list && (element == ExprType::number || element == dyn)) return Status::ok;
    return report_operand(node, weights);
  }

  Status check_in(Node* node, const Node& left, const Node& right) {
    node->type = {ExprType::boolean};
    const bool is_map = right.type.kind == ExprType::map;
    const ExprType sought = is_map ? right.type.key : right.type.element;
    if (right.type.kind == dyn || can_be_equal(left.type.kind, sought)) return Status::ok;
    return report_mismatch(node, left, right);
  }

  // least, greatest, clamp: numbers of one type.
  Status check_same(Node* node) {
    const Node& first = tree_.child(*node, 0);
    node->type = {first.type.kind};
    for (std::uint32_t at = node->first_child; at != no_node; at = tree_.nodes[at].next_sibling) {
      const Node& other = tree_.nodes[at];
      Overload overload;
      if (!find_overload(Function::least, first.type.kind, other.type.kind, &overload))
        return report_mismatch(node, first, other);
      node->type = {joined(node->type.kind, other.type.kind)};
    }
    return Status::ok;
  }

  Status check_conditional(Node* node) {
    const Node& condition = tree_.child(*node, 0);
    const Node& first = tree_.child(*node, 1);
    const Node& second = tree_.child(*node, 2);
    node->type = joined(first.type, second.type);
    node->most_elements = std::max(first.most_elements, second.most_elements);
    node->most_inner = std::max(first.most_inner, second.most_inner);
    if (condition.type.kind != ExprType::boolean && condition.type.kind != dyn)
      return refuse(node, Status::typecheck, node->offset,
                    {"the condition before '?' must be bool, found ",
                     shape_name(condition.type).view()});
    const bool is_known = first.type.kind != dyn && second.type.kind != dyn;
    if (first.type.kind == second.type.kind || !is_known) return Status::ok;
    const bool are_numeric = is_numeric(first.type.kind) && is_numeric(second.type.kind);
    const Text<96> hint = are_numeric ? conversion_hint(first, second) : Text<96>{};
    return refuse(node, Status::typecheck, node->offset,
                  {"'?:' needs one type on both sides, found ", shape_name(first.type).view(),
                   " and ", shape_name(second.type).view(), hint.view()});
  }

  // A list's elements, a map's keys and values in turn.
  Status check_elements(Node* node) {
    const bool is_map = node->kind == NodeKind::map;
    node->type = {is_map ? ExprType::map : ExprType::list};
    node->most_elements = node->n_children / (is_map ? 2 : 1);
    std::uint32_t at = node->first_child;
    for (std::uint32_t i = 0; i < node->n_children; ++i, at = tree_.nodes[at].next_sibling) {
      const ExprType type = tree_.nodes[at].type.kind;
      node->most_inner = std::max({node->most_inner, tree_.nodes[at].most_elements,
                                   tree_.nodes[at].most_inner});
      const bool is_key = is_map && i % 2 == 0;
      if (is_key && !can_be_key(type))
        GUARDRANK_TRY(refuse(node, Status::typecheck, tree_.nodes[at].offset,
                             {"a key of a map cannot be ", expr_type_name(type)}));
      ExprType* joint = is_key ? &node->type.key : &node->type.element;
      *joint = i < (is_map ? 2u : 1u) ? type : joined(*joint, type);
    }
    return Status::ok;
  }

  Status check_macro(Node* node) {
    const Node& range = tree_.child(*node, 0);
    const Node& body = tree_.child(*node, 1);
    const Node& last = tree_.child(*node, node->n_children - 1);
    const bool makes_list = node->macro == Macro::map || node->macro == Macro::filter;
    const bool is_map = range.type.kind == ExprType::map;
    node->most_elements = range.most_elements;
    node->most_inner = node->macro == Macro::map ? std::max(last.most_elements, last.most_inner)
                                                 : range.most_inner;
    node->type = {makes_list ? ExprType::list : ExprType::boolean};
    if (node->macro == Macro::map) node->type.element = last.type.kind;
    if (node->macro == Macro::filter)
      node->type.element = is_map ? range.type.key : range.type.element;
    if (!is_map && range.type.kind != ExprType::list && range.type.kind != dyn)
      return refuse(node, Status::typecheck, node->offset,
                    {"a macro goes over a list or a map, found ", shape_name(range.type).view()});
    const bool is_test = node->macro != Macro::map || node->n_children == 3;
    if (!is_test || body.type.kind == ExprType::boolean || body.type.kind == dyn)
      return Status::ok;
    return refuse(node, Status::typecheck, body.offset,
                  {"the test of each element must be bool, found ", shape_name(body.type).view()});
  }

  Status check_root(ExprType wanted) {
    const Node& root = tree_.root();
    const ExprType found = root.type.kind;
    if (found == wanted || wanted == dyn || found == dyn) return Status::ok;
    Text<96> hint;
    if (wanted == ExprType::number && root.constant.kind == ExprType::integer)
      hint.assign({"; write ", root.constant.integer, ".0"});
    else if (wanted == ExprType::number && is_numeric(found))
      hint.assign({"; convert with double(...), or write 2.0 instead of 2"});
    return diagnostic_.report(Status::typecheck, root.offset,
                              {"wanted an expression of type ", expr_type_name(wanted), ", found ",
                               shape_name(root.type).view(), hint.view()});
  }

  const Diagnostic& diagnostic_;
  const ExpressionScope& scope_;
  SyntaxTree& tree_;
};

}  // namespace

Status check_expression(const Diagnostic& diagnostic, const ExpressionScope& scope, ExprType wanted,
                        SyntaxTree* tree) {
  return Checker(diagnostic, scope, tree).check(wanted);
}

}  // namespace guardrank
