#include "models/audit/statistics/resampling.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "models/audit/statistics/random.h"

namespace guardrank::audit {
namespace {

constexpr std::size_t least_values = 20;
constexpr double not_known = std::numeric_limits<double>::quiet_NaN();

double quantile(const std::vector<double>& sorted, double share) {
  const double at = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  const double part = at - static_cast<double>(below);
  if (part == 0 || sorted[below] == sorted[above]) return sorted[below];   // they may be infinite
  return sorted[below] + part * (sorted[above] - sorted[below]);
}

}  // namespace

Interval percentile_interval(std::vector<double>* values) {
  std::erase_if(*values, [](double value) { return std::isnan(value); });
  if (values->size() < least_values) return {not_known, not_known};
  std::sort(values->begin(), values->end());
  return {quantile(*values, 0.025), quantile(*values, 0.975)};
}

void draw_counts(std::uint64_t seed, std::uint64_t stream, std::span<std::uint32_t> counts) {
  std::fill(counts.begin(), counts.end(), 0u);
  Random random(seed, stream);
  for (std::size_t i = 0; i < counts.size(); ++i) ++counts[random.below(counts.size())];
}

double standardized_difference(const Moments& a, double rows_a, const Moments& b, double rows_b) {
  // With unit weights this is sqrt((SS_a + SS_b) / (n_a + n_b - 2)).
  const double freedom = rows_a + rows_b - 2;
  if (freedom <= 0) return not_known;
  const double squares =
      a.squares() / a.weight() * rows_a + b.squares() / b.weight() * rows_b;
  const double deviation = std::sqrt(squares / freedom);
  return deviation > 0 ? (a.mean() - b.mean()) / deviation : not_known;
}

}  // namespace guardrank::audit
