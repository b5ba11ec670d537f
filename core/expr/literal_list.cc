#include "core/expr/literal_list.h"

#include <algorithm>

#include "core/expr/numeric_order.h"

namespace guardrank {
namespace {

// An int, uint or double constant next to a value of any of the three types.
Orderings order_constant(std::int64_t value, const Constant& constant) {
  switch (constant.type) {
    case ExprType::integer: return order(value, constant.integer);
    case ExprType::unsigned_integer:
      return order(value, static_cast<std::uint64_t>(constant.integer));
    default: return order(value, constant.number);
  }
}
Orderings order_constant(std::uint64_t value, const Constant& constant) {
  switch (constant.type) {
    case ExprType::integer: return order(constant.integer, value);
    case ExprType::unsigned_integer:
      return order(value, static_cast<std::uint64_t>(constant.integer));
    default: return order(value, constant.number);
  }
}
Orderings order_constant(double value, const Constant& constant) {
  switch (constant.type) {
    case ExprType::integer: return order(constant.integer, value);
    case ExprType::unsigned_integer:
      return order(static_cast<std::uint64_t>(constant.integer), value);
    default: return order(value, constant.number);
  }
}

double as_double(const Constant& constant) {
  if (constant.type == ExprType::integer) return static_cast<double>(constant.integer);
  if (constant.type == ExprType::unsigned_integer)
    return static_cast<double>(static_cast<std::uint64_t>(constant.integer));
  return constant.number;
}

// The nearest value of each type; whether it is equal is then asked.
void nearest(const Constant& constant, double* value) { *value = as_double(constant); }
void nearest(const Constant& constant, std::int64_t* value) {
  const double number = constant.number;
  if (constant.type != ExprType::number) *value = constant.integer;
  else if (number >= 0x1p63) *value = INT64_MAX;
  else *value = number >= -0x1p63 ? static_cast<std::int64_t>(number) : INT64_MIN;
}
void nearest(const Constant& constant, std::uint64_t* value) {
  const double number = constant.number;
  if (constant.type != ExprType::number) *value = static_cast<std::uint64_t>(constant.integer);
  else if (number >= 0x1p64) *value = UINT64_MAX;
  else *value = number > 0 ? static_cast<std::uint64_t>(number) : 0;
}

template <typename Number>
Status collect_numbers(const SyntaxTree& tree, const Node& list, Arena* arena,
                       Operation* operation) {
  std::span<Number> elements;
  GUARDRANK_TRY(arena->make(list.n_children, &elements));
  std::size_t size = 0;
  for (std::uint32_t at = list.first_child; at != no_node; at = tree.nodes[at].next_sibling) {
    Number value{};
    nearest(tree.nodes[at].constant, &value);
    if (order_constant(value, tree.nodes[at].constant) == ordered_equal) elements[size++] = value;
  }
  elements = elements.first(size);
  std::make_heap(elements.begin(), elements.end());
  std::sort_heap(elements.begin(), elements.end());
  operation->elements = elements.data();
  operation->n_elements = static_cast<std::uint32_t>(size);
  return Status::ok;
}

Status collect_strings(const SyntaxTree& tree, const Node& list, Arena* arena,
                       Operation* operation) {
  std::span<std::string_view> elements;
  GUARDRANK_TRY(arena->make(list.n_children, &elements));
  std::size_t size = 0;
  for (std::uint32_t at = list.first_child; at != no_node; at = tree.nodes[at].next_sibling)
    elements[size++] = tree.nodes[at].constant.string;
  std::make_heap(elements.begin(), elements.end());
  std::sort_heap(elements.begin(), elements.end());
  operation->elements = elements.data();
  operation->n_elements = static_cast<std::uint32_t>(size);
  return Status::ok;
}

}  // namespace

Status make_literal_list(const SyntaxTree& tree, const Node& list, ExprType value, Arena* arena,
                         Operation* operation) {
  switch (value) {
    case ExprType::integer:
      operation->code = OpCode::in_integers;
      return collect_numbers<std::int64_t>(tree, list, arena, operation);
    case ExprType::unsigned_integer:
      operation->code = OpCode::in_unsigned;
      return collect_numbers<std::uint64_t>(tree, list, arena, operation);
    case ExprType::number:
      operation->code = OpCode::in_numbers;
      return collect_numbers<double>(tree, list, arena, operation);
    case ExprType::string:
      operation->code = OpCode::in_strings;
      return collect_strings(tree, list, arena, operation);
    default:
      operation->code = OpCode::in_nothing;   // an empty list: checked before
      return Status::ok;
  }
}

}  // namespace guardrank
