#include "models/lint/exactness.h"

#include <cmath>

#include "core/expr/check.h"
#include "core/expr/parser.h"

namespace guardrank::lint {
namespace {

// Doubles and their neighbours one apart can be told from each other below.
constexpr double largest_number = 0x1p50;

bool is_plain_literal(const Node& node) {
  if (node.kind != NodeKind::literal) return false;
  switch (node.constant.kind) {
    case ExprType::integer: return std::fabs(static_cast<double>(node.constant.integer)) < largest_number;
    case ExprType::number: return std::fabs(node.constant.number) < largest_number;
    case ExprType::boolean:
    case ExprType::string: return true;
    default: return false;
  }
}

bool is_scalar_fact(const Node& node) {
  if (node.kind != NodeKind::name || node.is_presence_test) return false;
  return node.type.kind == ExprType::integer || node.type.kind == ExprType::number ||
         node.type.kind == ExprType::boolean || node.type.kind == ExprType::string;
}

class Reader {
 public:
  explicit Reader(const SyntaxTree& tree) : tree_(tree) {}

  Exactness read() {
    out_.compares_only = is_exact(tree_.root());
    for (const Node& node : tree_.nodes) {
      if (node.kind == NodeKind::name && node.is_presence_test) out_.may_lack.insert(node.fact);
      const bool is_arithmetic = node.function >= Function::add && node.function <= Function::modulo;
      out_.has_arithmetic |= node.kind == NodeKind::call && is_arithmetic;
    }
    return out_;
  }

 private:
  bool is_exact(const Node& node) {
    switch (node.kind) {
      case NodeKind::literal: return true;
      case NodeKind::name: return node.is_presence_test || node.type.kind == ExprType::boolean;
      case NodeKind::conditional:
        return is_exact(tree_.child(node, 0)) && is_exact(tree_.child(node, 1)) &&
               is_exact(tree_.child(node, 2));
      case NodeKind::call: return is_exact_call(node);
      default: return false;
    }
  }

  bool is_exact_call(const Node& node) {
    if (node.function == Function::logical_not) return is_exact(tree_.child(node, 0));
    if (node.n_children != 2) return false;
    const Node &left = tree_.child(node, 0), &right = tree_.child(node, 1);
    if (is_logical(node.function)) return is_exact(left) && is_exact(right);
    if (node.function == Function::in) return is_exact_in(left, right);
    if (!is_comparison(node.function)) return false;
    const bool are_values = is_value(left) && is_value(right);
    const bool are_texts = left.type.kind == ExprType::string;
    // An int and a double fact among others may need values of both that no constant asks for.
    const bool are_mixed = left.type.kind != right.type.kind && is_scalar_fact(left) &&
                           is_scalar_fact(right);
    return are_values && !are_mixed && (!are_texts || is_equality(node.function));
  }

  // double(x) is as good as x.
  bool is_value(const Node& node) const {
    if (node.kind == NodeKind::call && node.function == Function::to_double)
      return is_scalar_fact(tree_.child(node, 0)) && is_numeric(tree_.child(node, 0).type.kind);
    return is_plain_literal(node) || is_scalar_fact(node);
  }

  bool is_exact_in(const Node& sought, const Node& list) {
    if (!is_plain_literal(sought) && !is_scalar_fact(sought)) return false;
    if (list.kind == NodeKind::name) {
      ++out_.n_list_tests;
      return list.type.kind == ExprType::list;
    }
    bool is_constant = list.kind == NodeKind::list;
    for (std::uint32_t i = 0; is_constant && i < list.n_children; ++i)
      is_constant = is_plain_literal(tree_.child(list, i));
    return is_constant;
  }

  const SyntaxTree& tree_;
  Exactness out_;
};

}  // namespace

Exactness exactness_of(std::string_view source, const FactTable& facts, NamespaceSet allowed,
                       Arena* arena) {
  const Diagnostic diagnostic{source, {}, nullptr};
  ExpressionScope scope;
  scope.facts = &facts;
  scope.allowed = allowed;
  SyntaxTree tree;
  if (parse_expression(diagnostic, scope, arena, &tree) != Status::ok ||
      check_expression(diagnostic, scope, ExprType::dyn, &tree) != Status::ok)
    return {};
  return Reader(tree).read();
}

}  // namespace guardrank::lint
