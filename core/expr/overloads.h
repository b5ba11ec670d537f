// Which operation an operator is for which types: CEL's overloads, as a table.
#pragma once

#include "core/expr/program.h"

namespace guardrank {

struct Overload {
  OpCode code = OpCode::count;
  ExprType result = ExprType::boolean;
  Orderings accepted = 0;
  bool is_swapped = false;     // the operation takes its operands the other way round
};

// `right` is ignored for one-argument functions. False when CEL has no such overload.
bool find_overload(Function function, ExprType left, ExprType right, Overload* overload);

bool is_comparison(Function function);
bool is_numeric(ExprType type);
std::uint32_t argument_count(Function function);

}  // namespace guardrank
