// The bootstrap: intervals from what a figure does when rows are drawn again.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "models/audit/statistics/intervals.h"

namespace guardrank::audit {

// `done` draws of `total`; may be empty.
using DrawProgress = std::function<void(std::uint64_t done, std::uint64_t total)>;

// The 2.5% and 97.5% quantiles (linear between order statistics) of the values that are not NaN;
// NaN where fewer than 20 are left. Sorts `values`.
Interval percentile_interval(std::vector<double>* values);

// How often each of `count` rows is drawn in `count` draws with replacement.
void draw_counts(std::uint64_t seed, std::uint64_t stream, std::span<std::uint32_t> counts);

// Weighted mean, and sum of squares about it, of values near `origin`.
class Moments {
 public:
  explicit Moments(double origin = 0) : origin_(origin) {}

  void add(double value, double weight) {
    const double distance = value - origin_;
    weight_ += weight;
    sum_ += weight * distance;
    squares_ += weight * distance * distance;
  }
  double weight() const { return weight_; }
  double mean() const { return origin_ + sum_ / weight_; }
  double squares() const {
    const double squares = squares_ - sum_ * sum_ / weight_;
    return squares > 0 ? squares : 0;
  }

 private:
  double origin_, weight_ = 0, sum_ = 0, squares_ = 0;
};

// Distance of two means in units of the pooled standard deviation (Cohen's d). `rows`: what the
// degrees of freedom are counted from, for weighted rows their effective number.
double standardized_difference(const Moments& a, double rows_a, const Moments& b, double rows_b);

}  // namespace guardrank::audit
