#include "core/expr/threshold.h"

#include "core/base/limits.h"
#include "core/base/math.h"
#include "core/expr/values.h"

namespace guardrank {
namespace {

double as_number(const ExprValue& value) {
  if (value.kind == ExprType::number) return value.number;
  if (value.kind == ExprType::timestamp)
    return static_cast<double>(value.integer) + value.size * 1e-9;
  return value.kind == ExprType::integer ? static_cast<double>(value.integer)
                                         : static_cast<double>(value.natural);
}

constexpr double largest_whole = 0x1p62;   // whole numbers beyond are no one's threshold

// The double so many representable values above or below a finite one; NaN beyond all of them.
double neighbour(double x, std::int64_t steps) {
  constexpr std::int64_t sign = INT64_MIN;
  std::int64_t bits = __builtin_bit_cast(std::int64_t, x);
  std::int64_t place = bits < 0 ? sign - bits : bits;   // ascending with the value
  if (__builtin_add_overflow(place, steps, &place) || place == sign) return __builtin_nan("");
  bits = place < 0 ? sign - place : place;
  return __builtin_bit_cast(double, bits);
}

bool combine(Function function, const ExprValue& a, const ExprValue& b, ExprValue* result) {
  return combine_values(function, a, b, result) == EvalProblem::none;
}

// As the expression does it. False where it would be an error.
bool apply(const ThresholdStep& step, const ExprValue& other, ExprValue* x) {
  const ExprValue value = *x;
  const ExprValue &left = step.is_left ? value : other, &right = step.is_left ? other : value;
  switch (step.function) {
    case Function::to_double: *x = ExprValue::of(as_number(value)); return true;
    case Function::least: case Function::greatest: {
      const Orderings wanted = step.function == Function::least ? ordered_less : ordered_greater;
      const Orderings found = order_values(right, left);
      const bool is_right = found == wanted || (found == unordered && is_nan(right.number));
      *x = is_right ? right : left;
      return true;
    }
    default: return combine(step.function, left, right, x);
  }
}

// The operand that gives the result `x`, but for rounding.
bool invert(const ThresholdStep& step, const ExprValue& other, ExprValue* x) {
  if (other.kind == ExprType::integer && x->kind == ExprType::number) {
    if (!(x->number > -largest_whole && x->number < largest_whole)) return false;
    *x = ExprValue::of(static_cast<std::int64_t>(x->number));
  }
  const ExprValue result = *x;
  switch (step.function) {
    case Function::add: return combine(Function::subtract, result, other, x);
    case Function::subtract:
      return step.is_left ? combine(Function::add, result, other, x)
                          : combine(Function::subtract, other, result, x);
    case Function::multiply: return combine(Function::divide, result, other, x);
    case Function::divide:
      return step.is_left ? combine(Function::multiply, result, other, x)
                          : combine(Function::divide, other, result, x);
    case Function::to_double: *x = ExprValue::of(as_number(result)); return true;
    default: return true;
  }
}

double distance(const ThresholdChange& change) {
  const double away = as_number(change.to) - as_number(change.from);
  return away < 0 ? -away : away;
}

// To the one who asks: the lower, the more it is theirs to change.
int closeness(Namespace space) {
  switch (space) {
    case Namespace::context: return 0;
    case Namespace::pair: return 1;
    case Namespace::candidate: return 3;
    default: return 2;
  }
}

bool is_negative(const ExprValue& value) { return __builtin_signbit(as_number(value)); }

// What was not negative becomes so, or the other way round: a debt below nothing.
bool changes_sign(const ThresholdChange& change) {
  return is_negative(change.from) != is_negative(change.to);
}

// Of the same fact; distances that round to the same are told apart by where they lead.
bool is_nearer(const ThresholdChange& a, const ThresholdChange& b) {
  if (distance(a) != distance(b)) return distance(a) < distance(b);
  const Orderings towards =
      order_values(a.from, a.to) == ordered_less ? ordered_less : ordered_greater;
  return order_values(a.to, b.to) == towards;
}

}  // namespace

// A fact that has another value for once; no_fact: all as it is.
struct ThresholdColumns::Trial {
  std::uint32_t fact = no_fact;
  ExprValue value;
};

Status ThresholdColumns::open(const Thresholds& thresholds, Frame* frame) {
  facts_ = &frame->facts();
  thresholds_ = thresholds;
  std::span<EvaluatedColumn> columns;
  GUARDRANK_TRY(frame->arena().make(thresholds.programs.size(), &columns));
  for (std::size_t i = 0; i < columns.size(); ++i)
    GUARDRANK_TRY(evaluate(thresholds.programs[i], frame, &columns[i]));
  columns_ = columns;
  return Status::ok;
}

bool ThresholdColumns::number(std::uint32_t program, std::uint32_t row, ExprValue* value) const {
  const EvaluatedColumn& column = columns_[program];
  if (column.state(row) != RowState::value) return false;
  const std::uint32_t at = column.row_of(row);
  if (column.type == ExprType::number) *value = ExprValue::of(column.numbers[at]);
  else if (column.type == ExprType::integer) *value = ExprValue::of(column.integers[at]);
  else if (column.values != nullptr) *value = column.values[at];
  else *value = ExprValue::of(static_cast<std::uint64_t>(column.integers[at]));
  return true;
}

// What comes to the comparison when the fact has this value.
bool ThresholdColumns::forward(const ThresholdPath& path, std::uint32_t row,
                               ExprValue* value) const {
  for (const ThresholdStep& step : path.steps) {
    ExprValue other = ExprValue::of(0.0);
    if (step.function != Function::to_double && !number(step.other, row, &other)) return false;
    if (!apply(step, other, value)) return false;
  }
  return true;
}

// The value of the fact with which the sides of the comparison are equal, but for rounding.
bool ThresholdColumns::backward(const ThresholdPath& path, std::uint32_t row,
                                ExprValue* bound) const {
  const ThresholdNode& node = thresholds_.nodes[path.node];
  if (!number(path.is_left ? node.right : node.left, row, bound)) return false;
  for (std::size_t i = path.steps.size(); i-- > 0;) {
    ExprValue other = ExprValue::of(0.0);
    const ThresholdStep& step = path.steps[i];
    if (step.function != Function::to_double && !number(step.other, row, &other)) return false;
    if (!invert(step, other, bound)) return false;
  }
  return bound->kind != ExprType::number || is_finite(bound->number);
}

ThresholdColumns::Truth ThresholdColumns::compare(std::uint32_t ordinal, std::uint32_t row,
                                                  const Trial& trial) const {
  const ThresholdNode& node = thresholds_.nodes[ordinal];
  ExprValue left, right;
  if (!number(node.left, row, &left) || !number(node.right, row, &right)) return Truth::neither;
  for (const ThresholdPath& path : thresholds_.paths) {
    if (path.node != ordinal || path.fact != trial.fact) continue;
    ExprValue& side = path.is_left ? left : right;
    side = trial.value;
    if (!forward(path, row, &side)) return Truth::neither;
  }
  // CEL's != is the opposite of ==, also beside NaN, which its set of orderings says.
  return (node.accepted & order_values(left, right)) != 0 ? Truth::is_true : Truth::is_false;
}

ThresholdColumns::Truth ThresholdColumns::decide(std::uint32_t row, const Trial& trial) const {
  using Kind = ThresholdNode::Kind;
  Truth truths[limits::thresholds];
  std::uint32_t n = 0;
  for (const ThresholdNode& node : thresholds_.nodes) {
    Truth truth = Truth::neither;
    switch (node.kind) {
      case Kind::fixed: {
        const EvaluatedColumn& column = columns_[node.left];
        if (column.state(row) == RowState::value)
          truth = column.booleans[column.row_of(row)] != 0 ? Truth::is_true : Truth::is_false;
        break;
      }
      case Kind::comparison: truth = compare(n, row, trial); break;
      case Kind::negation:
        if (truths[node.left] != Truth::neither)
          truth = truths[node.left] == Truth::is_true ? Truth::is_false : Truth::is_true;
        break;
      case Kind::conjunction:
      case Kind::disjunction: {
        // One side that decides does so whatever the other is.
        const Truth deciding = node.kind == Kind::conjunction ? Truth::is_false : Truth::is_true;
        const Truth left = truths[node.left], right = truths[node.right];
        truth = left == deciding || right == deciding ? deciding
                : left == right                       ? left
                                                      : Truth::neither;
        break;
      }
    }
    truths[n++] = truth;
  }
  return truths[n - 1];
}

// Between two values of a fact that give a divisor two signs, a quotient leaves the numbers.
bool ThresholdColumns::passes_pole(const Trial& trial, std::uint32_t row,
                                   const ExprValue& from) const {
  for (const ThresholdPath& path : thresholds_.paths) {
    if (path.fact != trial.fact) continue;
    ExprValue before = from, after = trial.value, other = ExprValue::of(0.0);
    for (const ThresholdStep& step : path.steps) {
      const bool divides = step.function == Function::divide && !step.is_left;
      if (divides && is_negative(before) != is_negative(after)) return true;
      if (step.function != Function::to_double && !number(step.other, row, &other)) break;
      if (!apply(step, other, &before) || !apply(step, other, &after)) break;
    }
  }
  return false;
}

void ThresholdColumns::consider(const Trial& trial, std::uint32_t row, const ExprValue& from,
                                Truth wanted, ThresholdChange* best) const {
  if (decide(row, trial) != wanted || passes_pole(trial, row, from)) return;
  ThresholdChange change{trial.fact, from, trial.value, 0};
  const double now = as_number(from);
  const auto rank = [&](std::uint32_t fact) { return closeness((*facts_)[fact].space); };
  // Of a time there is no share: it counts from no beginning.
  change.share = from.kind == ExprType::timestamp ? __builtin_inf()
                                                  : distance(change) / (now < 0 ? -now : now);
  const bool is_better =
      best->fact == no_fact       ? true
      : best->fact == change.fact ? is_nearer(change, *best)
      : rank(change.fact) != rank(best->fact) ? rank(change.fact) < rank(best->fact)
      : changes_sign(change) != changes_sign(*best) ? changes_sign(*best)
                                              : change.share < best->share;
  if (is_better) *best = change;
}

bool ThresholdColumns::flips_at(const ThresholdPath& path, std::uint32_t row, double x,
                                Truth wanted) const {
  return is_finite(x) && decide(row, {path.fact, ExprValue::of(x)}) == wanted;
}

// First in leaps, then between the last two: near the bound the comparison changes once. A number
// that is rounded away beside a larger one may have many doubles to go.
std::int64_t ThresholdColumns::steps_to_turn(const ThresholdPath& path, std::uint32_t row,
                                             double bound, std::int64_t direction,
                                             std::int64_t most, Truth wanted) const {
  const bool is_there = flips_at(path, row, bound, wanted);
  const auto has_turned = [&](std::int64_t steps) {
    return flips_at(path, row, neighbour(bound, direction * steps), wanted) != is_there;
  };
  std::int64_t low = 0, high = 1;
  while (high <= most && !has_turned(high)) {
    low = high;
    high = high <= most / 2 ? 2 * high : most + 1;
  }
  while (high <= most && high - low > 1) {
    const std::int64_t middle = low + (high - low) / 2;
    (has_turned(middle) ? high : low) = middle;
  }
  return high;
}

// From the value that makes the sides equal to where the comparison turns, both ways.
void ThresholdColumns::try_numbers(const ThresholdPath& path, std::uint32_t row, double bound,
                                   const ExprValue& from, Truth wanted,
                                   ThresholdChange* best) const {
  const std::int64_t most = path.steps.empty() ? 1 : std::int64_t{1} << 62;
  const bool is_there = flips_at(path, row, bound, wanted);
  for (const std::int64_t direction : {-1, 1}) {
    std::int64_t steps = steps_to_turn(path, row, bound, direction, most, wanted);
    if (steps > most && !is_there) continue;
    if (is_there) steps = steps > most ? 0 : steps - 1;   // the last before it turns back
    consider({path.fact, ExprValue::of(neighbour(bound, direction * steps))}, row, from, wanted,
             best);
  }
}

void ThresholdColumns::try_near(const ThresholdPath& path, std::uint32_t row,
                                const ExprValue& bound, Truth wanted,
                                ThresholdChange* best) const {
  ExprValue from;
  if (!number(path.value, row, &from)) return;
  if (from.kind == ExprType::number) {
    if (is_finite(from.number)) try_numbers(path, row, as_number(bound), from, wanted, best);
    return;
  }
  const bool is_time = from.kind == ExprType::timestamp;
  const double number = as_number(bound);
  if (!(number > -largest_whole && number < largest_whole)) return;
  std::int64_t whole = bound.integer;   // of an int or a uint, exactly
  if (bound.kind == ExprType::number) whole = static_cast<std::int64_t>(number);
  if (is_time) whole = bound.micros();   // as facts have them
  // Each product on the way rounds once towards zero, which the next one makes smaller.
  for (std::int64_t to = whole - 2; to <= whole + 2; ++to)
    consider({path.fact, is_time ? ExprValue::of_micros(to) : ExprValue::of(to)}, row, from,
             wanted, best);
}

ThresholdChange ThresholdColumns::nearest(std::uint32_t row) const {
  ThresholdChange best;
  if (thresholds_.paths.empty()) return best;
  const Truth now = decide(row, {});
  if (now == Truth::neither) return best;
  const Truth wanted = now == Truth::is_true ? Truth::is_false : Truth::is_true;
  for (const ThresholdPath& path : thresholds_.paths) {
    ExprValue bound;
    if (backward(path, row, &bound)) try_near(path, row, bound, wanted, &best);
  }
  return best;
}

}  // namespace guardrank
