#include <algorithm>
#include <numeric>

#include "models/pack/calibrate/fit_calibrator.h"

namespace guardrank::pack {
namespace {

// Neighbouring x that share a value.
struct Pool {
  double first = 0, last = 0;
  double sum = 0, rows = 0;

  double mean() const { return sum / rows; }
};

// One pool per distinct x, in ascending order.
std::vector<Pool> distinct(std::span<const double> x, std::span<const std::uint8_t> labels) {
  std::vector<std::uint32_t> order(x.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(),
            [&](std::uint32_t a, std::uint32_t b) { return x[a] < x[b]; });
  std::vector<Pool> pools;
  for (std::uint32_t row : order) {
    if (pools.empty() || pools.back().last != x[row]) pools.push_back({x[row], x[row], 0, 0});
    pools.back().sum += labels[row];
    pools.back().rows += 1;
  }
  return pools;
}

// Pool adjacent violators: merges neighbours until means rise.
std::vector<Pool> pool_violators(const std::vector<Pool>& points) {
  std::vector<Pool> pools;
  for (const Pool& point : points) {
    pools.push_back(point);
    while (pools.size() > 1 && pools[pools.size() - 2].mean() >= pools.back().mean()) {
      const Pool last = pools.back();
      pools.pop_back();
      pools.back().last = last.last;
      pools.back().sum += last.sum;
      pools.back().rows += last.rows;
    }
  }
  return pools;
}

// Evenly chosen knots with both ends: a subset of a monotone line is monotone.
void thin(std::size_t max_knots, Knots* knots) {
  const std::size_t n = knots->x.size();
  if (n <= max_knots) return;
  for (std::size_t i = 0; i < max_knots; ++i) {
    const std::size_t from = i * (n - 1) / (max_knots - 1);
    knots->x[i] = knots->x[from];
    knots->y[i] = knots->y[from];
  }
  knots->x.resize(max_knots);
  knots->y.resize(max_knots);
}

}  // namespace

Knots fit_isotonic(std::span<const double> x, std::span<const std::uint8_t> labels,
                   std::size_t max_knots) {
  Knots knots;
  for (const Pool& pool : pool_violators(distinct(x, labels))) {
    knots.x.push_back(pool.first);
    knots.y.push_back(pool.mean());
    if (pool.last == pool.first) continue;
    knots.x.push_back(pool.last);
    knots.y.push_back(pool.mean());
  }
  thin(max_knots, &knots);
  return knots;
}

}  // namespace guardrank::pack
