// What a compiled expression is made of: operations over registers, each a typed loop.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/expr/ast.h"

namespace guardrank {

enum class OpCode : std::uint8_t {
  constant,          // the literal
  load,              // a fact's column
  has_fact,          // whether a fact is there
  broadcast,         // a register of one row, over a tile of rows
  negate_integer, negate_number, logical_not,
  number_of_integer, number_of_unsigned, number_of_number,
  add_integer, subtract_integer, multiply_integer, divide_integer, modulo_integer,
  add_unsigned, subtract_unsigned, multiply_unsigned, divide_unsigned, modulo_unsigned,
  add_number, subtract_number, multiply_number, divide_number,
  compare_integer, compare_unsigned, compare_number, compare_string, compare_boolean,
  compare_integer_unsigned, compare_integer_number, compare_unsigned_number,
  logical_and, logical_or,   // absorb unknown and error
  strict_or,                 // does not
  select,                    // a boolean picks one of two
  in_integers, in_unsigned, in_numbers, in_strings, in_nothing,   // a literal list
  in_string_list,                        // a fact's list
  count,
};

// How two values stand; a set of them is what a comparison accepts. Next to NaN: unordered.
using Orderings = std::uint8_t;
inline constexpr Orderings ordered_less = 1, ordered_equal = 2, ordered_greater = 4,
                           unordered = 8;

struct Operation {
  OpCode code = OpCode::constant;
  Orderings accepted = 0;                 // comparisons
  ExprType type = ExprType::null;         // of the result
  std::uint32_t target = no_register;
  std::uint32_t left = no_register, right = no_register, third = no_register;
  std::uint32_t fact = no_fact;           // load, has_fact
  std::uint32_t load = 0;                 // ordinal among the program's loads
  Constant constant;                      // constant
  const void* elements = nullptr;         // literal list of the operation's type, ascending
  std::uint32_t n_elements = 0;
};

// Bytes of one row's value in a register.
constexpr std::size_t register_row_bytes = 16;

}  // namespace guardrank
