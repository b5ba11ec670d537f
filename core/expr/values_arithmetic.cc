// Arithmetic of values: numbers of one type, times, texts, lists.
#include "core/base/limits.h"
#include "core/base/math.h"
#include "core/expr/integer_operations.h"
#include "core/expr/values.h"

namespace guardrank {
namespace {

constexpr std::int64_t nanos_per_second = 1'000'000'000;

// An operator of arithmetic on two numbers of one type.
template <typename Integer>
EvalProblem combine(Function function, Integer a, Integer b, Integer* out) {
  switch (function) {
    case Function::add: return add(a, b, out);
    case Function::subtract: return subtract(a, b, out);
    case Function::multiply: return multiply(a, b, out);
    case Function::divide: return divide(a, b, out);
    default: return modulo(a, b, out);
  }
}

EvalProblem combine(Function function, double a, double b, double* out) {
  switch (function) {
    case Function::add: *out = a + b; break;
    case Function::subtract: *out = a - b; break;
    case Function::multiply: *out = a * b; break;
    case Function::divide: *out = a / b; break;
    default: return EvalProblem::no_overload;
  }
  return EvalProblem::none;
}

// A time and nanos, which may be negative.
EvalProblem shift(const ExprValue& time, std::int64_t nanos, ExprValue* result) {
  std::int64_t seconds = time.integer + nanos / nanos_per_second;
  std::int64_t rest = time.size + nanos % nanos_per_second;
  if (rest < 0) --seconds, rest += nanos_per_second;
  if (rest >= nanos_per_second) ++seconds, rest -= nanos_per_second;
  *result = ExprValue::of_timestamp(seconds, static_cast<std::uint32_t>(rest));
  return is_time_in_range(seconds) ? EvalProblem::none : EvalProblem::out_of_range;
}

EvalProblem add_times(Function function, const ExprValue& a, const ExprValue& b,
                      ExprValue* result) {
  const bool is_sum = function == Function::add;
  if (!is_sum && function != Function::subtract) return EvalProblem::no_overload;
  const bool is_left_time = a.kind == ExprType::timestamp;
  if (is_left_time && b.kind == ExprType::timestamp) {
    if (is_sum) return EvalProblem::no_overload;
    std::int64_t nanos = 0;
    const std::int64_t rest = std::int64_t{a.size} - std::int64_t{b.size};
    const bool is_beyond =
        __builtin_mul_overflow(a.integer - b.integer, nanos_per_second, &nanos) ||
        __builtin_add_overflow(nanos, rest, &nanos);
    *result = ExprValue::of_duration(nanos);
    return is_beyond ? EvalProblem::out_of_range : EvalProblem::none;
  }
  if (is_left_time && b.kind == ExprType::duration) {
    if (is_sum) return shift(a, b.integer, result);
    if (b.integer == INT64_MIN) return EvalProblem::out_of_range;
    return shift(a, -b.integer, result);
  }
  if (a.kind != ExprType::duration) return EvalProblem::no_overload;
  if (b.kind == ExprType::timestamp && is_sum) return shift(b, a.integer, result);
  if (b.kind != ExprType::duration) return EvalProblem::no_overload;
  std::int64_t nanos = 0;
  const EvalProblem problem = combine(function, a.integer, b.integer, &nanos);
  *result = ExprValue::of_duration(nanos);
  return problem;
}

EvalProblem join(const Call& call, const ExprValue& a, const ExprValue& b, ExprValue* result) {
  const std::size_t size = std::size_t{a.size} + b.size;
  *result = a.size != 0 ? a : b;
  result->kind = a.kind;
  if (a.size == 0 || b.size == 0) return EvalProblem::none;
  const bool is_list = a.kind == ExprType::list;
  if (size > (is_list ? limits::expression_list : limits::expression_text))
    return EvalProblem::limit;
  void* memory = call.take(size * (is_list ? sizeof(ExprValue) : 1));
  if (memory == nullptr) return EvalProblem::limit;
  if (is_list) {
    ExprValue* elements = static_cast<ExprValue*>(memory);
    for (std::uint32_t i = 0; i < size; ++i)
      elements[i] = i < a.size ? element_of(a, i) : element_of(b, i - a.size);
    *result = ExprValue::of_list(elements, size);
    return EvalProblem::none;
  }
  char* bytes = static_cast<char*>(memory);
  __builtin_memcpy(bytes, a.bytes, a.size);
  __builtin_memcpy(bytes + a.size, b.bytes, b.size);
  result->bytes = bytes;
  result->size = static_cast<std::uint32_t>(size);
  return EvalProblem::none;
}

EvalProblem negate(const ExprValue& value, ExprValue* result) {
  *result = value;
  if (value.kind == ExprType::number) {
    result->number = -value.number;
    return EvalProblem::none;
  }
  if (value.kind != ExprType::integer && value.kind != ExprType::duration)
    return EvalProblem::no_overload;
  return subtract(std::int64_t{0}, value.integer, &result->integer);
}

}  // namespace

EvalProblem combine_values(Function function, const ExprValue& a, const ExprValue& b,
                           ExprValue* result) {
  if (a.kind != b.kind || !is_numeric(a.kind)) return add_times(function, a, b, result);
  *result = a;
  switch (a.kind) {
    case ExprType::integer: return combine(function, a.integer, b.integer, &result->integer);
    case ExprType::unsigned_integer:
      return combine(function, a.natural, b.natural, &result->natural);
    default: return combine(function, a.number, b.number, &result->number);
  }
}

EvalProblem add_values(const Call& call, ExprValue* result) {
  const ExprValue& a = call[0];
  if (call.function() == Function::negate) return negate(a, result);
  const ExprValue& b = call[1];
  const bool is_joined = a.kind == ExprType::string || a.kind == ExprType::bytes ||
                         a.kind == ExprType::list;
  if (is_joined && a.kind == b.kind && call.function() == Function::add)
    return join(call, a, b, result);
  return combine_values(call.function(), a, b, result);
}

EvalProblem calculate(const Call& call, ExprValue* result) {
  const ExprValue& a = call[0];
  *result = a;
  const bool is_number = a.kind == ExprType::number;
  switch (call.function()) {
    case Function::least: case Function::greatest: {
      const ExprValue& b = call[1];
      if (!is_numeric(a.kind) || a.kind != b.kind) return EvalProblem::no_overload;
      const Orderings wanted =
          call.function() == Function::least ? ordered_less : ordered_greater;
      if (order_values(b, a) == wanted || (is_number && is_nan(b.number))) *result = b;
      return EvalProblem::none;
    }
    case Function::absolute:
      if (is_number) result->number = __builtin_fabs(a.number);
      else if (a.kind != ExprType::integer) return EvalProblem::no_overload;
      else if (a.integer < 0) return negate(a, result);
      return EvalProblem::none;
    default: break;
  }
  if (!is_number) return EvalProblem::no_overload;
  if (call.function() == Function::exponential) result->number = deterministic_exp(a.number);
  else if (call.function() == Function::logarithm) result->number = deterministic_log(a.number);
  else result->number = deterministic_sqrt(a.number);
  return EvalProblem::none;
}

EvalProblem compare_values(const Call& call, ExprValue* result) {
  const ExprValue& a = call[0];
  const ExprValue& b = call[1];
  if (is_equality(call.function())) {
    std::uint64_t steps = limits::evaluation_row_steps;
    const bool is_equal = equal_values(a, b, &steps);
    if (!call.charge(limits::evaluation_row_steps - steps)) return EvalProblem::limit;
    *result = ExprValue::of(is_equal == (call.function() == Function::equal));
    return EvalProblem::none;
  }
  const Orderings ordering = order_values(a, b);
  *result = ExprValue::of((ordering & call.operation.accepted) != 0);
  return ordering == no_order ? EvalProblem::no_overload : EvalProblem::none;
}

}  // namespace guardrank
