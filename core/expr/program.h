// What a compiled expression is made of: operations over registers, each a loop over rows.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/expr/ast.h"

namespace guardrank {

struct Operation;
struct Machine;
using Kernel = void (*)(const Operation&, Machine&);

struct Operation {
  Kernel kernel = nullptr;                // what `code` stands for
  OpCode code = OpCode::constant;
  Function function = Function::none;     // generic, search_text
  Macro macro = Macro::all;
  Orderings accepted = 0;                 // comparisons
  EvalProblem problem = EvalProblem::none;   // failure
  ExprType type = ExprType::null;         // of the result
  std::uint32_t target = no_register;
  std::uint32_t left = no_register, right = no_register, third = no_register;
  std::uint32_t fact = no_fact;           // load, has_fact
  std::uint32_t load = 0;                 // ordinal among the program's loads
  std::uint32_t level = 0;                // macro: where its elements are rows
  const std::uint32_t* operands = nullptr;   // generic
  std::uint32_t n_operands = 0;
  ExprValue constant;                     // constant; the name of a field
  const void* elements = nullptr;         // in: of the operation's type, in ElementOrder; matches: pattern
  std::uint32_t n_elements = 0;
};

// Rows of one kind: the context's only one, the candidates, or the elements that a macro goes over.
// First the registers of the level above are widened, then the level's own operations run.
struct ProgramLevel {
  std::uint32_t parent = 0;
  std::uint32_t first_widening = 0, n_widenings = 0;       // in the program's operations
  std::uint32_t first_operation = 0, n_operations = 0;
  std::uint32_t first_register = 0, n_registers = 0;
  std::uint32_t element = no_register;                     // a macro's variable
  ExprType element_type = ExprType::dyn;
};
inline constexpr std::uint32_t context_level = 0, row_level = 1, first_macro_level = 2;

// Bytes of one row's value in a register.
constexpr std::size_t register_row_bytes = 16;

}  // namespace guardrank
