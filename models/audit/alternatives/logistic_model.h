// Logistic regression on some features of a design, by Newton's method (iteratively reweighted
// least squares) with a small ridge.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "models/audit/alternatives/design.h"

namespace guardrank::audit {

// Penalty on the squared weights, per row: keeps separated and collinear columns finite.
inline constexpr double logistic_ridge = 1e-4;

struct LogisticModel {
  double intercept = 0;
  std::vector<double> weights;      // by column of the design; 0 where its feature is not used
};

struct LabelledRows {
  const Design* design;
  std::span<const std::size_t> rows;
  std::span<const std::uint8_t> labels;     // by row of the design: 1 favorable
  std::span<const double> row_weights;      // by row of the design; empty: 1
};

// `is_used`: by feature. `start`: where to begin, or null. The loss is strictly convex and a step
// is halved until it falls: it converges from anywhere.
LogisticModel fit_logistic_model(const LabelledRows& data, const std::vector<bool>& is_used,
                                 const LogisticModel* start);

// What each feature adds to a row's logit, features one after another.
std::vector<double> feature_parts(const Design& design, const LogisticModel& model,
                                  std::span<const std::size_t> rows);

}  // namespace guardrank::audit
