#include "core/expr/check.h"

#include "core/expr/overloads.h"

namespace guardrank {
namespace {

ExprType list_of(ExprType element) {
  switch (element) {
    case ExprType::string: return ExprType::string_list;
    case ExprType::integer: return ExprType::integer_list;
    case ExprType::number: return ExprType::number_list;
    case ExprType::boolean: return ExprType::boolean_list;
    default: return ExprType::other_list;
  }
}

bool is_list(ExprType type) {
  return type == ExprType::string_list || type == ExprType::integer_list ||
         type == ExprType::number_list || type == ExprType::boolean_list ||
         type == ExprType::other_list;
}

class Checker {
 public:
  Checker(const Diagnostic& diagnostic, const NameScope& scope, SyntaxTree* tree)
      : diagnostic_(diagnostic), scope_(scope), tree_(*tree) {}

  // Children stand before their parents, so one pass in order is enough.
  Status check(ExprType wanted) {
    for (Node& node : tree_.nodes) {
      GUARDRANK_TRY(check_node(&node));
      for (std::uint32_t at = node.first_child; at != no_node; at = tree_.nodes[at].next_sibling)
        node.varies = node.varies || tree_.nodes[at].varies;
    }
    return check_root(wanted);
  }

 private:
  Status check_node(Node* node) {
    switch (node->kind) {
      case NodeKind::literal: node->type = node->constant.type; return Status::ok;
      case NodeKind::name: return resolve_name(diagnostic_, scope_, node);
      case NodeKind::select: return check_select(*node);
      case NodeKind::call: return check_call(node);
      case NodeKind::conditional: return check_conditional(node);
      case NodeKind::list: return check_list(node);
    }
    return Status::internal;
  }

  Status check_select(const Node& node) {
    const Node& operand = tree_.child(node, 0);
    return diagnostic_.report(Status::typecheck, node.offset,
                              {"a value of type ", expr_type_name(operand.type),
                               " has no field '", clipped(node.name), "'"});
  }

  Status check_call(Node* node) {
    if (node->function == Function::none || node->is_member_call)
      return diagnostic_.report(Status::name, node->offset,
                                {"no function is called '", clipped(node->name), "'"});
    const std::uint32_t wanted = argument_count(node->function);
    if (node->n_children != wanted)
      return diagnostic_.report(Status::typecheck, node->offset,
                                {"'", function_text(node->function), "' takes ", wanted,
                                 " argument", wanted == 1 ? "" : "s", ", found ",
                                 node->n_children});
    if (wanted == 1) return check_unary(node);
    if (node->function == Function::in && tree_.child(*node, 1).kind == NodeKind::list)
      return check_in_literal_list(node);
    return check_binary(node);
  }

  Status check_unary(Node* node) {
    const Node& operand = tree_.child(*node, 0);
    Overload overload;
    if (!find_overload(node->function, operand.type, ExprType::null, &overload))
      return diagnostic_.report(Status::typecheck, node->offset,
                                {"'", function_text(node->function), "' does not take ",
                                 expr_type_name(operand.type)});
    node->type = overload.result;
    return Status::ok;
  }

  Status check_binary(Node* node) {
    const Node& left = tree_.child(*node, 0);
    const Node& right = tree_.child(*node, 1);
    if (left.kind == NodeKind::list) return stray_list(left);
    if (right.kind == NodeKind::list) return stray_list(right);
    Overload overload;
    if (!find_overload(node->function, left.type, right.type, &overload))
      return report_mismatch(*node, left, right);
    node->type = overload.result;
    return Status::ok;
  }

  Status report_mismatch(const Node& node, const Node& left, const Node& right) {
    const Text<96> hint = mismatch_hint(node.function, left, right);
    return diagnostic_.report(Status::typecheck, node.offset,
                              {"'", function_text(node.function), "' does not take ",
                               expr_type_name(left.type), " and ", expr_type_name(right.type),
                               hint.view()});
  }

  Text<96> mismatch_hint(Function function, const Node& left, const Node& right) {
    const bool are_numeric = is_numeric(left.type) && is_numeric(right.type);
    if (are_numeric && left.type != right.type) return conversion_hint(left, right);
    if (is_comparison(function) &&
        (left.type == ExprType::null || right.type == ExprType::null))
      return {"; whether a fact is there is has(...)"};
    if (function == Function::modulo && are_numeric) return {"; the remainder is for int and uint"};
    return {};
  }

  // CEL never converts in arithmetic: "2" and "2.0" are two types.
  Text<96> conversion_hint(const Node& left, const Node& right) {
    const bool has_number = left.type == ExprType::number || right.type == ExprType::number;
    if (!has_number) return {"; write both as int or both as uint"};
    const Node& whole = left.type == ExprType::number ? right : left;
    if (whole.kind == NodeKind::literal && whole.type == ExprType::integer)
      return {"; write ", whole.constant.integer, ".0 instead of ", whole.constant.integer};
    return {"; convert with double(...)"};
  }

  Status check_conditional(Node* node) {
    const Node& condition = tree_.child(*node, 0);
    const Node& first = tree_.child(*node, 1);
    const Node& second = tree_.child(*node, 2);
    if (condition.type != ExprType::boolean)
      return diagnostic_.report(Status::typecheck, node->offset,
                                {"the condition before '?' must be bool, found ",
                                 expr_type_name(condition.type)});
    if (first.kind == NodeKind::list) return stray_list(first);
    if (second.kind == NodeKind::list) return stray_list(second);
    if (first.type != second.type) {
      const bool are_numeric = is_numeric(first.type) && is_numeric(second.type);
      const Text<96> hint = are_numeric ? conversion_hint(first, second) : Text<96>{};
      return diagnostic_.report(Status::typecheck, node->offset,
                                {"'?:' needs one type on both sides, found ",
                                 expr_type_name(first.type), " and ",
                                 expr_type_name(second.type), hint.view()});
    }
    node->type = first.type;
    return Status::ok;
  }

  Status check_list(Node* node) {
    node->is_constant_list = true;
    std::uint32_t at = node->first_child;
    for (std::uint32_t i = 0; i < node->n_children; ++i, at = tree_.nodes[at].next_sibling) {
      const Node& element = tree_.nodes[at];
      if (is_list(element.type) || element.type == ExprType::null)
        return diagnostic_.report(Status::typecheck, element.offset,
                                  {"an element of a list cannot be ",
                                   expr_type_name(element.type)});
      if (i == 0) node->element_type = element.type;
      if (element.type != node->element_type)
        return diagnostic_.report(Status::typecheck, element.offset,
                                  {"a list holds one type: the first element is ",
                                   expr_type_name(node->element_type), ", this one ",
                                   expr_type_name(element.type)});
      node->is_constant_list = node->is_constant_list && element.kind == NodeKind::literal;
    }
    node->type = list_of(node->element_type);
    return Status::ok;
  }

  Status check_in_literal_list(Node* node) {
    const Node& value = tree_.child(*node, 0);
    Node& list = tree_.child(*node, 1);
    node->type = ExprType::boolean;
    if (value.kind == NodeKind::list) return stray_list(value);
    Overload equality;
    if (list.n_children > 0 &&
        !find_overload(Function::equal, value.type, list.element_type, &equality))
      return report_mismatch(*node, value, list);
    if (is_list(value.type) || value.type == ExprType::null)
      return report_mismatch(*node, value, list);
    fold(value.type, &list);
    return Status::ok;
  }

  // A list of literals becomes a constant of the operation; bools are compared one by one.
  void fold(ExprType value, Node* list) {
    list->is_constant_list = list->is_constant_list &&
                             (list->n_children == 0 ||
                              (value != ExprType::boolean && value != ExprType::timestamp));
    list->is_folded = true;
    if (!list->is_constant_list) return;
    for (std::uint32_t at = list->first_child; at != no_node; at = tree_.nodes[at].next_sibling)
      tree_.nodes[at].is_folded = true;
  }

  Status stray_list(const Node& node) {
    return diagnostic_.report(Status::typecheck, node.offset,
                              {"a list may only stand on the right of 'in'"});
  }

  Status check_root(ExprType wanted) {
    const Node& root = tree_.root();
    if (root.kind == NodeKind::list) return stray_list(root);
    if (root.type == wanted) return Status::ok;
    Text<96> hint;
    if (wanted == ExprType::number && root.kind == NodeKind::literal &&
        root.type == ExprType::integer)
      hint.assign({"; write ", root.constant.integer, ".0"});
    else if (wanted == ExprType::number && is_numeric(root.type))
      hint.assign({"; convert with double(...), or write 2.0 instead of 2"});
    return diagnostic_.report(Status::typecheck, root.offset,
                              {"wanted an expression of type ", expr_type_name(wanted),
                               ", found ", expr_type_name(root.type), hint.view()});
  }

  const Diagnostic& diagnostic_;
  const NameScope& scope_;
  SyntaxTree& tree_;
};

}  // namespace

std::string_view expr_type_name(ExprType type) {
  switch (type) {
    case ExprType::null: return "null";
    case ExprType::boolean: return "bool";
    case ExprType::integer: return "int";
    case ExprType::number: return "double";
    case ExprType::string: return "string";
    case ExprType::timestamp: return "timestamp";
    case ExprType::string_list: return "list(string)";
    case ExprType::integer_list: return "list(int)";
    case ExprType::number_list: return "list(double)";
    case ExprType::boolean_list: return "list(bool)";
    case ExprType::unsigned_integer: return "uint";
    case ExprType::other_list: return "list";
  }
  return "?";
}

Status check_expression(const Diagnostic& diagnostic, const NameScope& scope, ExprType wanted,
                        SyntaxTree* tree) {
  return Checker(diagnostic, scope, tree).check(wanted);
}

}  // namespace guardrank
