#include "core/placement/exploration.h"

#include "core/base/math.h"
#include "core/base/random.h"

namespace guardrank {

Draw draw_epsilon(double epsilon, std::uint32_t n_candidates, std::uint32_t best,
                  std::uint64_t seed, std::uint32_t slot) {
  if (n_candidates <= 1) return {0, 1};
  Draw draw{best, 0};
  if (uniform(seed, slot, 0) < epsilon) {
    const double place = uniform(seed, slot, 1) * n_candidates;
    draw.index = static_cast<std::uint32_t>(place);
    // The product may round up to n_candidates.
    if (draw.index >= n_candidates) draw.index = n_candidates - 1;
  }
  draw.propensity = epsilon / n_candidates + (draw.index == best ? 1.0 - epsilon : 0.0);
  return draw;
}

Draw draw_plackett_luce(double temperature, std::span<double> worth, std::uint64_t seed,
                        std::uint32_t slot) {
  double largest = worth[0];
  for (const double value : worth) largest = value > largest ? value : largest;
  for (double& value : worth) value = (value - largest) / temperature;
  exps_below_one(worth);
  double total = 0;
  for (const double value : worth) total += value;   // at least 1, from the largest
  const double target = uniform(seed, slot, 0) * total;
  double sum = 0;
  Draw draw;
  for (std::uint32_t i = 0; i < worth.size(); ++i) {
    if (!(worth[i] > 0)) continue;
    draw = {i, worth[i] / total};
    sum += worth[i];
    if (sum > target) break;
  }
  return draw;
}

}  // namespace guardrank
