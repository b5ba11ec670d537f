// Rows of a population by group, and what the bootstrap draws from them.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "models/audit/population.h"
#include "models/audit/statistics/resampling.h"

namespace guardrank::audit {

// By group: the rows that report it and for which `is_usable`.
std::vector<std::vector<std::size_t>> rows_by_group(
    const Attribute& attribute, const std::function<bool(std::size_t row)>& is_usable);

// Kish's effective number of rows: (sum of weights)^2 / sum of squared weights.
double effective_rows(const Population& population, std::span<const std::size_t> rows);

// A figure of the rows by group, drawn again and again.
struct Resampled {
  const Population* population;
  std::span<const double> values;                        // by row of the population
  std::span<const std::vector<std::size_t>> groups;
  double origin;                                         // near the values
  Sampling sampling;
};

// Calls `visit` once per draw with the moments of each group. Rows are drawn within their group, or
// whole lists where the population has lists: rows of one list stand or fall together.
void resample(const Resampled& what, const DrawProgress& progress,
              const std::function<void(std::span<const Moments>)>& visit);

}  // namespace guardrank::audit
