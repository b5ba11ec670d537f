// Maximum-likelihood logistic regression of a few columns, by Newton's method.
#pragma once

#include <array>
#include <span>
#include <vector>

namespace guardrank::pack {

inline constexpr std::size_t max_logistic_columns = 3;
using LogisticWeights = std::array<double, max_logistic_columns>;

struct LogisticFit {
  LogisticWeights weights{};             // those of unused columns are 0
  double loss = 0;                       // negative log likelihood, in all
  int iterations = 0;
};

// `columns`: up to three of equal length (an intercept is a column of ones); `targets`: 0 to 1.
// The loss is convex and each step is halved until it falls, so the method converges from anywhere;
// a ridge of 1e-8 on the weights of standardised columns keeps directions without information
// (constant columns, separated rows) finite.
LogisticFit fit_logistic(std::span<const std::span<const double>> columns,
                         std::span<const double> targets);

}  // namespace guardrank::pack
