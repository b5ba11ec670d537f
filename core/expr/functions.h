// Operators and functions: their names, and which operation each is for which types.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/expr/expr_value.h"

namespace guardrank {

enum class Function : std::uint8_t {
  negate, logical_not,
  add, subtract, multiply, divide, modulo,
  equal, not_equal, less, less_equal, greater, greater_equal,
  in, index, logical_and, logical_or,
  to_int, to_uint, to_double, to_string, to_bytes, to_bool, to_timestamp, to_duration, to_dyn,
  type_of,
  size, contains, starts_with, ends_with, matches,
  // Parts of a time, in the order of time_part.
  get_full_year, get_month, get_date, get_day_of_month, get_day_of_week, get_day_of_year,
  get_hours, get_minutes, get_seconds, get_milliseconds,
  least, greatest, absolute, exponential, logarithm, square_root, clamp, decayed_count, sum,
  // Without a name.
  make_list, make_map, select_field, has_field, as_type,
  none,
};

// How a function is written: f(x), or x.f(...).
struct NamedFunction {
  std::string_view name;
  Function function;
  std::uint8_t n_least, n_most;      // arguments, the target among them
  bool is_member, is_global;
};
const NamedFunction* find_function(std::string_view name);
// Of a function that has a name.
const NamedFunction& function_row(Function function);
inline std::string_view function_text(Function function) { return function_row(function).name; }

enum class OpCode : std::uint8_t {
  constant,          // the literal
  failure,           // an error in every row
  load,              // a fact's column
  has_fact,          // whether a fact is there
  widen,             // a register of a shallower level, over the rows of this one
  logical_not,
  negate_integer, negate_number,
  number_of_integer,
  add_integer, subtract_integer, multiply_integer, divide_integer, modulo_integer,
  add_number, subtract_number, multiply_number, divide_number, least_number, greatest_number,
  absolute_number, exponential_number, logarithm_number, square_root_number,
  compare_integer, compare_number, compare_string, compare_boolean,
  compare_integer_number,
  logical_and, logical_or,   // absorb unknown and error
  select,                    // a boolean picks one of two
  in_integers, in_numbers, in_strings,    // a constant list of the operation's own type
  in_list,                   // a text in a list
  affix,                     // startsWith, endsWith
  generic,                   // any function, value by value
  macro,
  count,
};

struct Overload {
  OpCode code = OpCode::generic;
  ExprType result = ExprType::dyn;
  Orderings accepted = 0;
};

// By the kinds of types; `right` is ignored for one-argument functions. Where an operand is `dyn`
// every overload it might become is thought of. False when CEL has no such overload.
bool find_overload(Function function, ExprType left, ExprType right, Overload* overload);

Orderings accepted_by(Function function);
inline bool is_comparison(Function function) { return accepted_by(function) != 0; }
inline bool is_equality(Function function) {
  return function == Function::equal || function == Function::not_equal;
}

inline bool is_time_part(Function function) {
  return function >= Function::get_full_year && function <= Function::get_milliseconds;
}
inline bool is_logical(Function function) {
  return function == Function::logical_not || function == Function::logical_and ||
         function == Function::logical_or;
}

}  // namespace guardrank
