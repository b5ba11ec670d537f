// How alternatives stand: what each is worth and its worst ratio; which are chosen, and whether that holds
// on rows that did not choose.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "models/audit/specification.h"
#include "models/audit/statistics/resampling.h"

namespace guardrank::audit {

// `worth`: AUC of a model, value a request of a ranking. `air`: the worst ratio of any group; NaN where
// there is none.
struct Standing {
  double worth = 0, air = 0;
};

// Places in `tried` of what nothing beats on both, from the greatest worth down.
std::vector<std::size_t> find_frontier(std::span<const Standing> tried);

// The place with the highest ratio above that of the first, worth at least `least_worth`, among those
// that `is_counted` says; of equals the first.
std::optional<std::size_t> find_best(std::span<const Standing> tried, double least_worth,
                                     const std::function<bool(std::size_t)>& is_counted);

// Measures on rows that are drawn as often as `counts` says; all once where it is empty.
using Measuring = std::function<Standing(std::span<const std::uint32_t> counts)>;

// What is compared: the rows both measure on, and the name of worth in the report.
struct Comparison {
  Measuring own, base;
  std::size_t n_rows = 0;
  double max_loss = 0;               // of worth
  std::string worth;
};

// Into `json`: "<worth>_change" and "air_change" with bootstrap intervals, "is_beyond_chance" (the
// interval of the ratio's change is above 0) and "is_within_loss".
void write_comparison(const Comparison& comparison, const Sampling& sampling,
                      const DrawProgress& progress, nlohmann::ordered_json* json);

// Among "best" where both hold, else among "unconfirmed".
void file_chosen(nlohmann::ordered_json chosen, nlohmann::ordered_json* report);

nlohmann::ordered_json interval_json(const Interval& interval);

}  // namespace guardrank::audit
