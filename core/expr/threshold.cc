#include "core/expr/threshold.h"

#include "core/base/limits.h"
#include "core/base/math.h"

namespace guardrank {
namespace {

double as_number(const ExprValue& value) {
  if (value.kind == ExprType::number) return value.number;
  return value.kind == ExprType::integer ? static_cast<double>(value.integer)
                                         : static_cast<double>(value.natural);
}

// The double so many representable values above or below a finite one; NaN beyond all of them.
double neighbour(double x, std::int64_t steps) {
  constexpr std::int64_t sign = INT64_MIN;
  std::int64_t bits = __builtin_bit_cast(std::int64_t, x);
  std::int64_t place = bits < 0 ? sign - bits : bits;   // ascending with the value
  if (__builtin_add_overflow(place, steps, &place) || place == sign) return __builtin_nan("");
  bits = place < 0 ? sign - place : place;
  return __builtin_bit_cast(double, bits);
}

double apply(const ThresholdStep& step, double x, double other) {
  const double left = step.is_left ? x : other, right = step.is_left ? other : x;
  switch (step.function) {
    case Function::add: return left + right;
    case Function::subtract: return left - right;
    case Function::multiply: return left * right;
    case Function::divide: return left / right;
    default: return x;
  }
}

// The operand that gives `result`, but for rounding.
double invert(const ThresholdStep& step, double result, double other) {
  switch (step.function) {
    case Function::add: return result - other;
    case Function::subtract: return step.is_left ? result + other : other - result;
    case Function::multiply: return result / other;
    case Function::divide: return step.is_left ? result * other : other / result;
    default: return result;
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
  else *value = ExprValue::of(static_cast<std::uint64_t>(column.integers[at]));
  return true;
}

// What comes to the comparison when the fact has this value.
bool ThresholdColumns::forward(const ThresholdPath& path, std::uint32_t row,
                               ExprValue* value) const {
  for (const ThresholdStep& step : path.steps) {
    ExprValue other = ExprValue::of(0.0);
    if (step.function != Function::to_double && !number(step.other, row, &other)) return false;
    *value = ExprValue::of(apply(step, as_number(*value), other.number));
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
    *bound = ExprValue::of(invert(step, as_number(*bound), other.number));
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

void ThresholdColumns::consider(const Trial& trial, std::uint32_t row, const ExprValue& from,
                                Truth wanted, ThresholdChange* best) const {
  if (decide(row, trial) != wanted) return;
  ThresholdChange change{trial.fact, from, trial.value, 0};
  const double now = as_number(from);
  const auto rank = [&](std::uint32_t fact) { return closeness((*facts_)[fact].space); };
  change.share = distance(change) / (now < 0 ? -now : now);
  const bool is_better =
      best->fact == no_fact       ? true
      : best->fact == change.fact ? is_nearer(change, *best)
      : rank(change.fact) != rank(best->fact) ? rank(change.fact) < rank(best->fact)
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
  constexpr double largest = 0x1p62;   // whole numbers beyond are no one's threshold
  const double number = as_number(bound);
  if (!(number > -largest && number < largest)) return;
  std::int64_t whole = bound.integer;   // of an int or a uint, exactly
  if (bound.kind == ExprType::number) whole = static_cast<std::int64_t>(number);
  for (std::int64_t to = whole - 1; to <= whole + 1; ++to)
    consider({path.fact, ExprValue::of(to)}, row, from, wanted, best);
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
