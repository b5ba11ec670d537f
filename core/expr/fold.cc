#include "core/expr/fold.h"

#include <algorithm>

#include "core/base/sort.h"
#include "core/expr/text_equality.h"

namespace guardrank {
namespace {

Status fold_elements(SyntaxTree* tree, Arena* arena, Node* node) {
  std::span<ExprValue> elements;
  GUARDRANK_TRY(arena->make(node->n_children, &elements));
  const bool is_map = node->kind == NodeKind::map;
  std::uint32_t at = node->first_child;
  for (std::size_t i = 0; i < elements.size(); ++i, at = tree->nodes[at].next_sibling) {
    elements[i] = tree->nodes[at].constant;
    if (is_map && i % 2 == 0 && !is_key(elements[i])) return Status::ok;
  }
  const std::size_t size = elements.size() / (is_map ? 2 : 1);
  if (is_map && !sort_entries(elements.data(), static_cast<std::uint32_t>(size)))
    return Status::ok;
  node->constant = ExprValue::of_list(elements.data(), size);
  if (is_map) node->constant.kind = ExprType::map;
  node->is_constant = true;
  for (at = node->first_child; at != no_node; at = tree->nodes[at].next_sibling)
    tree->nodes[at].is_folded = true;
  return Status::ok;
}

// The nearest value of each type; whether it is equal is then asked.
double as_double(const ExprValue& value) {
  if (value.kind == ExprType::number) return value.number;
  return value.kind == ExprType::integer ? static_cast<double>(value.integer)
                                         : static_cast<double>(value.natural);
}
void nearest(const ExprValue& element, double* value) { *value = as_double(element); }
void nearest(const ExprValue& element, std::int64_t* value) {
  *value = element.integer;
  if (element.kind != ExprType::number) return;
  const double number = element.number;
  if (number >= 0x1p63) *value = INT64_MAX;
  else *value = number >= -0x1p63 ? static_cast<std::int64_t>(number) : INT64_MIN;
}
void nearest(const ExprValue& element, std::string_view* value) { *value = element.text(); }

template <typename T>
Status collect(const ExprValue& list, Arena* arena, Operation* operation) {
  std::span<T> found, elements;
  std::span<std::uint32_t> order;
  GUARDRANK_TRY(arena->make(list.size, &found));
  GUARDRANK_TRY(arena->make(list.size, &elements));
  GUARDRANK_TRY(arena->make(list.size, &order));
  std::uint32_t size = 0;
  const ExprType sought = ExprValue::of(T{}).kind;
  for (std::uint32_t i = 0; i < list.size; ++i) {
    const ExprValue element = element_of(list, i);
    if (element.kind != sought && !(is_numeric(element.kind) && is_numeric(sought))) continue;
    T value{};
    nearest(element, &value);
    if (order_values(ExprValue::of(value), element) == ordered_equal) {
      order[size] = size;
      found[size++] = value;
    }
  }
  const auto before = [&](std::uint32_t a, std::uint32_t b) { return ElementOrder()(found[a], found[b]); };
  sort_rows(order.first(size), before);
  for (std::uint32_t i = 0; i < size; ++i) elements[i] = found[order[i]];
  operation->elements = elements.data();
  operation->n_elements = size;
  return Status::ok;
}

}  // namespace

Status fold_constants(SyntaxTree* tree, Arena* arena) {
  for (Node& node : tree->nodes) {
    node.is_constant = node.kind == NodeKind::literal;
    if (node.kind != NodeKind::list && node.kind != NodeKind::map) continue;
    bool is_constant = true;
    for (std::uint32_t at = node.first_child; at != no_node; at = tree->nodes[at].next_sibling)
      is_constant = is_constant && tree->nodes[at].is_constant;
    if (is_constant) GUARDRANK_TRY(fold_elements(tree, arena, &node));
  }
  return Status::ok;
}

bool has_constant_in(ExprType sought) {
  return sought == ExprType::integer || sought == ExprType::number || sought == ExprType::string;
}

Status make_constant_in(const ExprValue& list, ExprType sought, Arena* arena,
                        Operation* operation) {
  switch (sought) {
    case ExprType::integer:
      operation->code = OpCode::in_integers;
      return collect<std::int64_t>(list, arena, operation);
    case ExprType::number:
      operation->code = OpCode::in_numbers;
      return collect<double>(list, arena, operation);
    default:
      operation->code = OpCode::in_strings;
      return collect<std::string_view>(list, arena, operation);
  }
}

}  // namespace guardrank
