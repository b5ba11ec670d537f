// Calibrators fitted by maximum likelihood to a holdout with the true prior.
#pragma once

#include <span>
#include <vector>

#include "core/artifact/model.h"
#include "models/pack/memory.h"

namespace guardrank::pack {

inline constexpr double largest_temperature = 1000;

// `z`: corrected logits; `labels`: 0 or 1. Wants both labels, else Status::calibrator.
//
// platt: a z + b (Platt 1999). Where labels are separated by z the likelihood has no maximum; then
//   Platt's own smoothed targets ((n1 + 1) / (n1 + 2), 1 / (n0 + 2)) are fitted.
// temperature: z / t (Guo et al. 2017), t within 1 / largest_temperature to largest_temperature.
// beta: a ln p - b ln(1 - p) + c with a, b >= 0 (Kull et al. 2017); separated labels as for platt.
// isotonic: pool adjacent violators on p, knots at both ends of each pool, linear between.
Calibrator fit_calibrator(CalibratorKind kind, std::span<const double> z,
                          std::span<const std::uint8_t> labels, Memory* memory);

struct Knots {
  std::vector<double> x, y;              // x strictly increasing, y never falling
};
// At most `max_knots`; rows of equal x count as one with their mean label.
Knots fit_isotonic(std::span<const double> x, std::span<const std::uint8_t> labels,
                   std::size_t max_knots);

}  // namespace guardrank::pack
