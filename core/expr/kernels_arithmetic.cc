// + - * / % and conversion. Overflow and division by zero are errors of their row.
#include "core/base/math.h"
#include "core/expr/integer_operations.h"
#include "core/expr/machine.h"
#include "core/expr/row_loop_choice.h"

namespace guardrank {
namespace {

template <typename Integer, EvalProblem (*apply)(Integer, Integer, Integer*)>
void integer_kernel(const Operation& operation, Machine& machine) {
  const Lane& left = machine.lanes[operation.left];
  const Lane& right = machine.lanes[operation.right];
  Lane& target = machine.lanes[operation.target];
  const Integer* a = left.read<Integer>();
  const Integer* b = right.read<Integer>();
  Integer* out = target.write<Integer>();
  const std::uint32_t n = machine.n_rows;
  EvalProblem* problems = target.own_problems;
  unsigned any = 0;
  for (std::uint32_t i = 0; i < n; ++i) {
    problems[i] = apply(a[i], b[i], &out[i]);
    any |= static_cast<unsigned>(problems[i]);
  }
  settle(left, &right, n, any != 0, &target);
}

void number_kernel(const Operation& operation, Machine& machine) {
  const Lane& left = machine.lanes[operation.left];
  const Lane& right = machine.lanes[operation.right];
  Lane& target = machine.lanes[operation.target];
  const auto loop =
      static_cast<unsigned>(operation.code) - static_cast<unsigned>(OpCode::add_number);
  row_loops().numbers[loop](left.read<double>(), right.read<double>(), machine.n_rows,
                            target.write<double>());
  settle(left, &right, machine.n_rows, false, &target);
}
static_assert(static_cast<unsigned>(OpCode::greatest_number) + 1 ==
              static_cast<unsigned>(OpCode::add_number) + n_number_loops);

double negate(double x) { return -x; }
double absolute(double x) { return __builtin_fabs(x); }

template <double (*apply)(double)>
void function_kernel(const Operation& operation, Machine& machine) {
  const Lane& source = machine.lanes[operation.left];
  Lane& target = machine.lanes[operation.target];
  const double* in = source.read<double>();
  double* out = target.write<double>();
  const std::uint32_t n = machine.n_rows;
  for (std::uint32_t i = 0; i < n; ++i) out[i] = apply(in[i]);
  settle(source, nullptr, n, false, &target);
}

template <typename From, typename To>
void convert_kernel(const Operation& operation, Machine& machine) {
  const Lane& source = machine.lanes[operation.left];
  Lane& target = machine.lanes[operation.target];
  const From* in = source.read<From>();
  To* out = target.write<To>();
  const std::uint32_t n = machine.n_rows;
  for (std::uint32_t i = 0; i < n; ++i) out[i] = static_cast<To>(in[i]);
  settle(source, nullptr, n, false, &target);
}

void negate_integer_kernel(const Operation& operation, Machine& machine) {
  const Lane& source = machine.lanes[operation.left];
  Lane& target = machine.lanes[operation.target];
  const std::int64_t* in = source.read<std::int64_t>();
  std::int64_t* out = target.write<std::int64_t>();
  const std::uint32_t n = machine.n_rows;
  EvalProblem* problems = target.own_problems;
  unsigned any = 0;
  for (std::uint32_t i = 0; i < n; ++i) {
    problems[i] = subtract(std::int64_t{0}, in[i], &out[i]);
    any |= static_cast<unsigned>(problems[i]);
  }
  settle(source, nullptr, n, any != 0, &target);
}

using Int = std::int64_t;

}  // namespace

Kernel arithmetic_kernel(OpCode code) {
  switch (code) {
    case OpCode::negate_integer: return negate_integer_kernel;
    case OpCode::negate_number: return function_kernel<negate>;
    case OpCode::number_of_integer: return convert_kernel<Int, double>;
    case OpCode::absolute_number: return function_kernel<absolute>;
    case OpCode::exponential_number: return function_kernel<deterministic_exp>;
    case OpCode::logarithm_number: return function_kernel<deterministic_log>;
    case OpCode::square_root_number: return function_kernel<deterministic_sqrt>;
    case OpCode::add_integer: return integer_kernel<Int, add<Int>>;
    case OpCode::subtract_integer: return integer_kernel<Int, subtract<Int>>;
    case OpCode::multiply_integer: return integer_kernel<Int, multiply<Int>>;
    case OpCode::divide_integer: return integer_kernel<Int, divide<Int>>;
    case OpCode::modulo_integer: return integer_kernel<Int, modulo<Int>>;
    case OpCode::add_number: case OpCode::subtract_number: case OpCode::multiply_number:
    case OpCode::divide_number: case OpCode::least_number: case OpCode::greatest_number:
      return number_kernel;
    default: return nullptr;
  }
}

}  // namespace guardrank
