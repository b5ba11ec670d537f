#include "core/expr/functions.h"

namespace guardrank {
namespace {

constexpr ExprType none = ExprType::null;    // no second operand
constexpr ExprType boolean = ExprType::boolean;
constexpr ExprType integer = ExprType::integer;
constexpr ExprType natural = ExprType::unsigned_integer;
constexpr ExprType number = ExprType::number;
constexpr ExprType string = ExprType::string;
constexpr ExprType bytes = ExprType::bytes;
constexpr ExprType list = ExprType::list;
constexpr ExprType map = ExprType::map;
constexpr ExprType timestamp = ExprType::timestamp;
constexpr ExprType duration = ExprType::duration;
constexpr ExprType dyn = ExprType::dyn;      // any type

constexpr NamedFunction named_functions[] = {
    {"-", Function::negate, 1, 1, false, false},
    {"!", Function::logical_not, 1, 1, false, false},
    {"+", Function::add, 2, 2, false, false},
    {"-", Function::subtract, 2, 2, false, false},
    {"*", Function::multiply, 2, 2, false, false},
    {"/", Function::divide, 2, 2, false, false},
    {"%", Function::modulo, 2, 2, false, false},
    {"==", Function::equal, 2, 2, false, false},
    {"!=", Function::not_equal, 2, 2, false, false},
    {"<", Function::less, 2, 2, false, false},
    {"<=", Function::less_equal, 2, 2, false, false},
    {">", Function::greater, 2, 2, false, false},
    {">=", Function::greater_equal, 2, 2, false, false},
    {"in", Function::in, 2, 2, false, false},
    {"[]", Function::index, 2, 2, false, false},
    {"&&", Function::logical_and, 2, 2, false, false},
    {"||", Function::logical_or, 2, 2, false, false},
    {"int", Function::to_int, 1, 1, false, true},
    {"uint", Function::to_uint, 1, 1, false, true},
    {"double", Function::to_double, 1, 1, false, true},
    {"string", Function::to_string, 1, 1, false, true},
    {"bytes", Function::to_bytes, 1, 1, false, true},
    {"bool", Function::to_bool, 1, 1, false, true},
    {"timestamp", Function::to_timestamp, 1, 1, false, true},
    {"duration", Function::to_duration, 1, 1, false, true},
    {"dyn", Function::to_dyn, 1, 1, false, true},
    {"type", Function::type_of, 1, 1, false, true},
    {"size", Function::size, 1, 1, true, true},
    {"contains", Function::contains, 2, 2, true, false},
    {"startsWith", Function::starts_with, 2, 2, true, false},
    {"endsWith", Function::ends_with, 2, 2, true, false},
    {"matches", Function::matches, 2, 2, true, true},
    {"getFullYear", Function::get_full_year, 1, 2, true, false},
    {"getMonth", Function::get_month, 1, 2, true, false},
    {"getDate", Function::get_date, 1, 2, true, false},
    {"getDayOfMonth", Function::get_day_of_month, 1, 2, true, false},
    {"getDayOfWeek", Function::get_day_of_week, 1, 2, true, false},
    {"getDayOfYear", Function::get_day_of_year, 1, 2, true, false},
    {"getHours", Function::get_hours, 1, 2, true, false},
    {"getMinutes", Function::get_minutes, 1, 2, true, false},
    {"getSeconds", Function::get_seconds, 1, 2, true, false},
    {"getMilliseconds", Function::get_milliseconds, 1, 2, true, false},
    {"least", Function::least, 2, 255, false, true},
    {"greatest", Function::greatest, 2, 255, false, true},
    {"abs", Function::absolute, 1, 1, false, true},
    {"exp", Function::exponential, 1, 1, false, true},
    {"ln", Function::logarithm, 1, 1, false, true},
    {"sqrt", Function::square_root, 1, 1, false, true},
    {"clamp", Function::clamp, 3, 3, false, true},
    {"decayed_count", Function::decayed_count, 2, 3, false, true},
    {"sum", Function::sum, 1, 1, true, true},
};

// What is found by the types alone. One line is one overload; `generic` ones run value by value.
struct Row {
  Function function;
  ExprType left, right, result;
  OpCode code;
};
constexpr OpCode generic = OpCode::generic;
constexpr Row rows[] = {
    {Function::negate, integer, none, integer, OpCode::negate_integer},
    {Function::negate, number, none, number, OpCode::negate_number},
    {Function::negate, duration, none, duration, generic},
    {Function::logical_not, boolean, none, boolean, OpCode::logical_not},
    {Function::add, integer, integer, integer, OpCode::add_integer},
    {Function::subtract, integer, integer, integer, OpCode::subtract_integer},
    {Function::multiply, integer, integer, integer, OpCode::multiply_integer},
    {Function::divide, integer, integer, integer, OpCode::divide_integer},
    {Function::modulo, integer, integer, integer, OpCode::modulo_integer},
    {Function::add, natural, natural, natural, generic},
    {Function::subtract, natural, natural, natural, generic},
    {Function::multiply, natural, natural, natural, generic},
    {Function::divide, natural, natural, natural, generic},
    {Function::modulo, natural, natural, natural, generic},
    {Function::add, number, number, number, OpCode::add_number},
    {Function::subtract, number, number, number, OpCode::subtract_number},
    {Function::multiply, number, number, number, OpCode::multiply_number},
    {Function::divide, number, number, number, OpCode::divide_number},
    {Function::add, string, string, string, generic},
    {Function::add, bytes, bytes, bytes, generic},
    {Function::add, list, list, list, generic},
    {Function::add, timestamp, duration, timestamp, generic},
    {Function::add, duration, timestamp, timestamp, generic},
    {Function::add, duration, duration, duration, generic},
    {Function::subtract, timestamp, timestamp, duration, generic},
    {Function::subtract, timestamp, duration, timestamp, generic},
    {Function::subtract, duration, duration, duration, generic},
    {Function::logical_and, boolean, boolean, boolean, OpCode::logical_and},
    {Function::logical_or, boolean, boolean, boolean, OpCode::logical_or},
    {Function::in, string, list, boolean, OpCode::in_list},
    {Function::in, dyn, list, boolean, generic},
    {Function::in, dyn, map, boolean, generic},
    {Function::index, list, integer, dyn, generic},
    {Function::index, list, natural, dyn, generic},
    {Function::index, map, dyn, dyn, generic},
    {Function::to_int, integer, none, integer, generic},
    {Function::to_int, natural, none, integer, generic},
    {Function::to_int, number, none, integer, generic},
    {Function::to_int, string, none, integer, generic},
    {Function::to_int, timestamp, none, integer, generic},
    {Function::to_uint, integer, none, natural, generic},
    {Function::to_uint, natural, none, natural, generic},
    {Function::to_uint, number, none, natural, generic},
    {Function::to_uint, string, none, natural, generic},
    {Function::to_double, integer, none, number, OpCode::number_of_integer},
    {Function::to_double, natural, none, number, generic},
    {Function::to_double, number, none, number, generic},
    {Function::to_double, string, none, number, generic},
    {Function::to_string, boolean, none, string, generic},
    {Function::to_string, integer, none, string, generic},
    {Function::to_string, natural, none, string, generic},
    {Function::to_string, number, none, string, generic},
    {Function::to_string, string, none, string, generic},
    {Function::to_string, bytes, none, string, generic},
    {Function::to_string, timestamp, none, string, generic},
    {Function::to_string, duration, none, string, generic},
    {Function::to_bytes, string, none, bytes, generic},
    {Function::to_bytes, bytes, none, bytes, generic},
    {Function::to_bool, boolean, none, boolean, generic},
    {Function::to_bool, string, none, boolean, generic},
    {Function::to_timestamp, string, none, timestamp, generic},
    {Function::to_timestamp, integer, none, timestamp, generic},
    {Function::to_timestamp, timestamp, none, timestamp, generic},
    {Function::to_duration, string, none, duration, generic},
    {Function::to_duration, duration, none, duration, generic},
    {Function::to_dyn, dyn, none, dyn, generic},
    {Function::type_of, dyn, none, ExprType::type, generic},
    {Function::size, string, none, integer, generic},
    {Function::size, bytes, none, integer, generic},
    {Function::size, list, none, integer, generic},
    {Function::size, map, none, integer, generic},
    {Function::contains, string, string, boolean, generic},
    {Function::starts_with, string, string, boolean, OpCode::affix},
    {Function::ends_with, string, string, boolean, OpCode::affix},
    {Function::matches, string, string, boolean, generic},
    {Function::least, integer, integer, integer, generic},
    {Function::least, natural, natural, natural, generic},
    {Function::least, number, number, number, OpCode::least_number},
    {Function::greatest, integer, integer, integer, generic},
    {Function::greatest, natural, natural, natural, generic},
    {Function::greatest, number, number, number, OpCode::greatest_number},
    {Function::absolute, integer, none, integer, generic},
    {Function::absolute, number, none, number, OpCode::absolute_number},
    {Function::exponential, number, none, number, OpCode::exponential_number},
    {Function::logarithm, number, none, number, OpCode::logarithm_number},
    {Function::square_root, number, none, number, OpCode::square_root_number},
    {Function::decayed_count, list, number, number, generic},
    {Function::decayed_count, list, duration, number, generic},
    {Function::sum, list, none, dyn, generic},
};

// Pairs with a typed comparison.
struct Comparable {
  ExprType left, right;
  OpCode code;
};
constexpr Comparable comparables[] = {
    {integer, integer, OpCode::compare_integer},
    {number, number, OpCode::compare_number},
    {string, string, OpCode::compare_string},
    {boolean, boolean, OpCode::compare_boolean},
    {integer, number, OpCode::compare_integer_number},
};

Orderings exchanged(Orderings orderings) {
  Orderings result = orderings & (ordered_equal | unordered);
  if ((orderings & ordered_less) != 0) result |= ordered_greater;
  if ((orderings & ordered_greater) != 0) result |= ordered_less;
  return result;
}

bool has_order(ExprType type) {
  return type != ExprType::null && type != list && type != map && type != ExprType::type;
}

bool find_comparison(Function function, ExprType left, ExprType right, Overload* overload) {
  const Orderings accepted = accepted_by(function);
  for (const Comparable& pair : comparables) {
    const bool is_straight = pair.left == left && pair.right == right;
    if (!is_straight && !(pair.left == right && pair.right == left)) continue;
    *overload = {pair.code, boolean, is_straight ? accepted : exchanged(accepted)};
    return true;
  }
  *overload = {generic, boolean, accepted};
  const bool is_possible = left == dyn || right == dyn || left == right ||
                           (is_numeric(left) && is_numeric(right));
  return is_possible && (is_equality(function) || (has_order(left) && has_order(right)));
}

bool find_time_part(Function function, ExprType left, ExprType right, Overload* overload) {
  *overload = {generic, integer, 0};
  const bool is_of_duration = left == duration && function >= Function::get_hours && right == none;
  return is_of_duration ||
         ((left == timestamp || left == dyn) && (right == none || right == string || right == dyn));
}

}  // namespace

const NamedFunction* find_function(std::string_view name) {
  for (const NamedFunction& candidate : named_functions)
    if ((candidate.is_member || candidate.is_global) && candidate.name == name) return &candidate;
  return nullptr;
}

const NamedFunction& function_row(Function function) {
  for (const NamedFunction& row : named_functions)
    if (row.function == function) return row;
  return named_functions[0];
}

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

bool find_overload(Function function, ExprType left, ExprType right, Overload* overload) {
  if (is_comparison(function)) return find_comparison(function, left, right, overload);
  if (is_time_part(function))
    return find_time_part(function, left, right, overload);
  bool is_found = false;
  for (const Row& row : rows) {
    if (row.function != function) continue;
    if (row.left == left && (row.right == right || row.right == none)) {
      *overload = {row.code, row.result, 0};
      return true;
    }
    if (left != dyn && row.left != dyn && row.left != left) continue;
    if (right != dyn && row.right != dyn && row.right != none && row.right != right) continue;
    // What it may become: one type if all agree on it.
    const bool agrees = !is_found || overload->result == row.result;
    *overload = {generic, agrees ? row.result : dyn, 0};
    is_found = true;
  }
  return is_found;
}

}  // namespace guardrank
