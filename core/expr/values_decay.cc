// Lists of numbers to one number; events that count for less as they grow old: the fatigue of the
// design's scoring page.
#include "core/base/math.h"
#include "core/expr/values.h"

namespace guardrank {
namespace {

double power_of_half(std::uint64_t exponent) {
  return __builtin_bit_cast(double, (1023 - exponent) << 52);
}

// 2^-x for x >= 0, halvings that are whole exactly; 0 where that is what is left.
double halved(double x) {
  constexpr double ln_2 = 0x1.62e42fefa39efp-1;
  constexpr std::uint64_t most = 1000;        // of one power, so that it stays a normal number
  if (x >= 1100) return 0;
  if (x != x) return __builtin_nan("");       // of one sign, whatever made it
  if (x < 0) return 1;                        // to come
  const auto whole = static_cast<std::uint64_t>(x);
  const double rest = deterministic_exp(-(x - static_cast<double>(whole)) * ln_2);
  const std::uint64_t first = whole < most ? whole : most;
  return rest * power_of_half(first) * power_of_half(whole - first);
}

// Ages and half-life in nanoseconds, or both in the unit that the caller has.
bool is_age(const ExprValue& value, ExprType kind, double* age) {
  if (value.kind != kind) return false;
  *age = kind == ExprType::number ? value.number : static_cast<double>(value.integer);
  return true;
}

}  // namespace

EvalProblem count_decayed(const Call& call, ExprValue* result) {
  const ExprValue& ages = call[0];
  const ExprType kind = call[1].kind;
  double half_life = 0, count = 0;
  const bool is_kind = kind == ExprType::number || kind == ExprType::duration;
  if (ages.kind != ExprType::list || !is_kind || !is_age(call[1], kind, &half_life))
    return EvalProblem::no_overload;
  if (!(half_life > 0) || !is_finite(half_life)) return EvalProblem::out_of_range;
  if (!call.charge(ages.size)) return EvalProblem::limit;
  const bool has_weights = call.size() == 3;
  if (has_weights && call[2].kind != ExprType::list) return EvalProblem::no_overload;
  if (has_weights && call[2].size != ages.size) return EvalProblem::bad_index;
  for (std::uint32_t i = 0; i < ages.size; ++i) {
    double age = 0, weight = 1;
    if (!is_age(element_of(ages, i), kind, &age) ||
        (has_weights && !is_age(element_of(call[2], i), ExprType::number, &weight)))
      return EvalProblem::no_overload;
    count += weight * halved(age / half_life);
  }
  *result = ExprValue::of(count);
  return EvalProblem::none;
}

// From the first element on. Without any: the zero of the static type, an int where there is none.
EvalProblem add_elements(const Call& call, ExprValue* result) {
  const ExprValue& all = call[0];
  if (all.kind != ExprType::list) return EvalProblem::no_overload;
  if (!call.charge(all.size)) return EvalProblem::limit;
  ExprValue total = ExprValue::of(std::int64_t{0});
  if (call.operation.type != ExprType::dyn) total.kind = call.operation.type;
  EvalProblem problem = EvalProblem::none;
  for (std::uint32_t i = 0; i < all.size && problem == EvalProblem::none; ++i) {
    const ExprValue element = element_of(all, i), before = total;
    if (!is_numeric(element.kind) && element.kind != ExprType::duration)
      return EvalProblem::no_overload;
    if (i == 0) total = element;
    else problem = combine_values(Function::add, before, element, &total);
  }
  *result = total;
  return problem;
}

}  // namespace guardrank
