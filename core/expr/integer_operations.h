// Arithmetic of int and uint with CEL's errors, for columns and for values.
#pragma once

#include <cstdint>

#include "core/expr/expr_value.h"

namespace guardrank {

template <typename Integer>
EvalProblem add(Integer a, Integer b, Integer* result) {
  return __builtin_add_overflow(a, b, result) ? EvalProblem::overflow : EvalProblem::none;
}
template <typename Integer>
EvalProblem subtract(Integer a, Integer b, Integer* result) {
  return __builtin_sub_overflow(a, b, result) ? EvalProblem::overflow : EvalProblem::none;
}
template <typename Integer>
EvalProblem multiply(Integer a, Integer b, Integer* result) {
  return __builtin_mul_overflow(a, b, result) ? EvalProblem::overflow : EvalProblem::none;
}

// The least int divided by -1 has no int for an answer; CEL refuses its remainder as well.
template <typename Integer>
bool overflows_division(Integer a, Integer b) {
  if constexpr (static_cast<Integer>(-1) < Integer{0})
    return a == INT64_MIN && b == -1;
  else
    return false;
}
template <typename Integer>
EvalProblem divide(Integer a, Integer b, Integer* result) {
  *result = 0;
  if (b == 0) return EvalProblem::division_by_zero;
  if (overflows_division(a, b)) return EvalProblem::overflow;
  *result = a / b;
  return EvalProblem::none;
}
template <typename Integer>
EvalProblem modulo(Integer a, Integer b, Integer* result) {
  *result = 0;
  if (b == 0) return EvalProblem::division_by_zero;
  if (overflows_division(a, b)) return EvalProblem::overflow;
  *result = a % b;
  return EvalProblem::none;
}

}  // namespace guardrank
