#include "core/expr/overloads.h"

namespace guardrank {
namespace {

constexpr ExprType null = ExprType::null;
constexpr ExprType boolean = ExprType::boolean;
constexpr ExprType integer = ExprType::integer;
constexpr ExprType natural = ExprType::unsigned_integer;
constexpr ExprType number = ExprType::number;
constexpr ExprType string = ExprType::string;
constexpr ExprType timestamp = ExprType::timestamp;

// Operators and functions whose overload is found by type alone. One line is one operation.
struct Row {
  Function function;
  ExprType left, right, result;
  OpCode code;
};
constexpr Row rows[] = {
    {Function::negate, integer, null, integer, OpCode::negate_integer},
    {Function::negate, number, null, number, OpCode::negate_number},
    {Function::logical_not, boolean, null, boolean, OpCode::logical_not},
    {Function::to_double, integer, null, number, OpCode::number_of_integer},
    {Function::to_double, natural, null, number, OpCode::number_of_unsigned},
    {Function::to_double, number, null, number, OpCode::number_of_number},
    {Function::add, integer, integer, integer, OpCode::add_integer},
    {Function::subtract, integer, integer, integer, OpCode::subtract_integer},
    {Function::multiply, integer, integer, integer, OpCode::multiply_integer},
    {Function::divide, integer, integer, integer, OpCode::divide_integer},
    {Function::modulo, integer, integer, integer, OpCode::modulo_integer},
    {Function::add, natural, natural, natural, OpCode::add_unsigned},
    {Function::subtract, natural, natural, natural, OpCode::subtract_unsigned},
    {Function::multiply, natural, natural, natural, OpCode::multiply_unsigned},
    {Function::divide, natural, natural, natural, OpCode::divide_unsigned},
    {Function::modulo, natural, natural, natural, OpCode::modulo_unsigned},
    {Function::add, number, number, number, OpCode::add_number},
    {Function::subtract, number, number, number, OpCode::subtract_number},
    {Function::multiply, number, number, number, OpCode::multiply_number},
    {Function::divide, number, number, number, OpCode::divide_number},
    {Function::logical_and, boolean, boolean, boolean, OpCode::logical_and},
    {Function::logical_or, boolean, boolean, boolean, OpCode::logical_or},
    {Function::in, string, ExprType::string_list, boolean, OpCode::in_string_list},
};

// Pairs that can be compared, the second time with the operands exchanged where needed.
struct Comparable {
  ExprType left, right;
  OpCode code;
};
constexpr Comparable comparables[] = {
    {integer, integer, OpCode::compare_integer},
    {timestamp, timestamp, OpCode::compare_integer},
    {natural, natural, OpCode::compare_unsigned},
    {number, number, OpCode::compare_number},
    {string, string, OpCode::compare_string},
    {boolean, boolean, OpCode::compare_boolean},
    {integer, natural, OpCode::compare_integer_unsigned},
    {integer, number, OpCode::compare_integer_number},
    {natural, number, OpCode::compare_unsigned_number},
};

Orderings accepted_by(Function function) {
  switch (function) {
    case Function::equal: return ordered_equal;
    case Function::not_equal: return ordered_less | ordered_greater | unordered;
    case Function::less: return ordered_less;
    case Function::less_equal: return ordered_less | ordered_equal;
    case Function::greater: return ordered_greater;
    case Function::greater_equal: return ordered_greater | ordered_equal;
    default: return 0;
  }
}

Orderings exchanged(Orderings orderings) {
  Orderings result = orderings & (ordered_equal | unordered);
  if ((orderings & ordered_less) != 0) result |= ordered_greater;
  if ((orderings & ordered_greater) != 0) result |= ordered_less;
  return result;
}

bool find_comparison(Function function, ExprType left, ExprType right, Overload* overload) {
  for (const Comparable& pair : comparables) {
    const bool is_straight = pair.left == left && pair.right == right;
    const bool is_swapped = pair.left == right && pair.right == left;
    if (!is_straight && !is_swapped) continue;
    const Orderings accepted = accepted_by(function);
    *overload = {pair.code, boolean, is_straight ? accepted : exchanged(accepted), !is_straight};
    return true;
  }
  if (left != null || right != null) return false;
  if (function != Function::equal && function != Function::not_equal) return false;
  *overload = {OpCode::compare_boolean, boolean, accepted_by(function), false};
  return true;
}

struct Name {
  Function function;
  std::string_view text;
};
constexpr Name names[] = {
    {Function::negate, "-"},         {Function::logical_not, "!"},   {Function::add, "+"},
    {Function::subtract, "-"},       {Function::multiply, "*"},      {Function::divide, "/"},
    {Function::modulo, "%"},         {Function::equal, "=="},        {Function::not_equal, "!="},
    {Function::less, "<"},           {Function::less_equal, "<="},   {Function::greater, ">"},
    {Function::greater_equal, ">="}, {Function::in, "in"},           {Function::logical_and, "&&"},
    {Function::logical_or, "||"},    {Function::to_double, "double"},
};

}  // namespace

std::string_view function_text(Function function) {
  for (const Name& name : names)
    if (name.function == function) return name.text;
  return "?";
}

bool is_comparison(Function function) { return accepted_by(function) != 0; }

bool is_numeric(ExprType type) {
  return type == integer || type == natural || type == number;
}

std::uint32_t argument_count(Function function) {
  switch (function) {
    case Function::negate: case Function::logical_not: case Function::to_double: return 1;
    default: return 2;
  }
}

bool find_overload(Function function, ExprType left, ExprType right, Overload* overload) {
  if (is_comparison(function)) return find_comparison(function, left, right, overload);
  const bool is_unary = argument_count(function) == 1;
  for (const Row& row : rows) {
    if (row.function != function || row.left != left) continue;
    if (!is_unary && row.right != right) continue;
    *overload = {row.code, row.result, 0, false};
    return true;
  }
  return false;
}

}  // namespace guardrank
