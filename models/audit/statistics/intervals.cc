#include "models/audit/statistics/intervals.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace guardrank::audit {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

// Most likely rate of b where a's is `ratio` times it (Miettinen and Nurminen 1985, equation 12).
double restricted_rate(const Share& a, const Share& b, double ratio) {
  const double square = (a.rows + b.rows) * ratio;
  const double linear = a.rows * ratio + a.hits + b.rows + b.hits * ratio;
  const double constant = a.hits + b.hits;
  const double root = std::sqrt(std::max(0.0, linear * linear - 4 * square * constant));
  // The smaller root, written so that it does not cancel.
  return 2 * constant / (linear + root);
}

// The ratio at which the score is `wanted`; the score falls as the ratio grows.
double ratio_at(const Share& a, const Share& b, double wanted) {
  constexpr int halvings = 200;
  double low = -50, high = 50;   // of ln(ratio)
  for (int i = 0; i < halvings; ++i) {
    const double middle = (low + high) / 2;
    if (ratio_score(a, b, std::exp(middle)) > wanted) low = middle;
    else high = middle;
  }
  return std::exp((low + high) / 2);
}

}  // namespace

double normal_probability(double z) { return std::erfc(-z / std::sqrt(2.0)) / 2; }

Interval wilson_interval(const Share& share) {
  const double z2 = normal_quantile * normal_quantile;
  const double n = share.rows, p = share.rate();
  const double middle = (p + z2 / (2 * n)) / (1 + z2 / n);
  const double half =
      normal_quantile / (1 + z2 / n) * std::sqrt(p * (1 - p) / n + z2 / (4 * n * n));
  return {share.hits <= 0 ? 0 : std::max(0.0, middle - half),
          share.hits >= share.rows ? 1 : std::min(1.0, middle + half)};
}

Interval difference_interval(const Share& a, const Share& b) {
  const Interval of_a = wilson_interval(a), of_b = wilson_interval(b);
  const double difference = a.rate() - b.rate();
  return {difference - std::hypot(a.rate() - of_a.low, of_b.high - b.rate()),
          difference + std::hypot(of_a.high - a.rate(), b.rate() - of_b.low)};
}

double ratio_score(const Share& a, const Share& b, double ratio) {
  const double rate_b = std::min(1.0, restricted_rate(a, b, ratio));
  const double rate_a = std::min(1.0, ratio * rate_b);
  const double variance =
      rate_a * (1 - rate_a) / a.rows + ratio * ratio * rate_b * (1 - rate_b) / b.rows;
  const double distance = a.rate() - ratio * b.rate();
  if (variance > 0) return distance / std::sqrt(variance);
  return distance == 0 ? 0 : std::copysign(infinity, distance);
}

Interval ratio_interval(const Share& a, const Share& b) {
  return {a.hits <= 0 ? 0 : ratio_at(a, b, normal_quantile),
          b.hits <= 0 ? infinity : ratio_at(a, b, -normal_quantile)};
}

}  // namespace guardrank::audit
