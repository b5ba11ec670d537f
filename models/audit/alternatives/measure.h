// What a score is worth and what it does to groups, on a fixed set of rows.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "models/audit/alternatives/contrasts.h"

namespace guardrank::audit {

struct Figures {
  double auc = 0;
  double worst_air = 0;              // the smallest of `airs`
  std::vector<double> airs;          // by contrast
};

// The rows, their labels and weights, the share that is selected from the top.
struct MeasuredRows {
  const Population* population;
  std::span<const std::size_t> rows;
  std::span<const Contrast> contrasts;
  double select_rate;
};

// Sorted once, measured under many weightings of the rows.
class ScoreMeasure {
 public:
  // `scores`: by position in what.rows; high is favorable.
  ScoreMeasure(const MeasuredRows& what, std::span<const double> scores);

  // `counts`: how often each position is drawn; empty: once. Rows tied at the cut are selected in
  // part, so that the order of rows plays no role.
  Figures measure(std::span<const std::uint32_t> counts) const;

 private:
  const MeasuredRows& what_;
  std::vector<std::uint32_t> order_;       // positions, best first
  std::vector<std::uint32_t> ties_;        // starts of equal scores in order_, and its end
};

}  // namespace guardrank::audit
