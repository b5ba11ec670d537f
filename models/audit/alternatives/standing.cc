#include "models/audit/alternatives/standing.h"

#include <algorithm>
#include <numeric>

namespace guardrank::audit {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint64_t draws_seed = 0x5EED;     // apart from the seed of the search

}  // namespace

std::vector<std::size_t> find_frontier(std::span<const Standing> tried) {
  std::vector<std::size_t> order(tried.size()), frontier;
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return tried[a].worth > tried[b].worth;
  });
  double highest = -1;
  for (std::size_t at : order) {
    if (!(tried[at].air > highest)) continue;
    highest = tried[at].air;
    frontier.push_back(at);
  }
  return frontier;
}

std::optional<std::size_t> find_best(std::span<const Standing> tried, double least_worth,
                                     const std::function<bool(std::size_t)>& is_counted) {
  std::optional<std::size_t> best;
  for (std::size_t at = 1; at < tried.size(); ++at) {
    if (!is_counted(at) || !(tried[at].worth >= least_worth)) continue;
    if (tried[at].air > tried[best.value_or(0)].air) best = at;
  }
  return best;
}

void write_comparison(const Comparison& comparison, const Sampling& sampling,
                      const DrawProgress& progress, Json* json) {
  const Standing own = comparison.own({}), base = comparison.base({});
  std::vector<double> worth_changes, air_changes;
  std::vector<std::uint32_t> counts(comparison.n_rows);
  for (std::uint64_t draw = 0; draw < sampling.draws; ++draw) {
    draw_counts(sampling.seed ^ draws_seed, draw, counts);
    const Standing one = comparison.own(counts), other = comparison.base(counts);
    worth_changes.push_back(one.worth - other.worth);
    air_changes.push_back(one.air - other.air);
    if (progress) progress(draw + 1, sampling.draws);
  }
  const Interval air_interval = percentile_interval(&air_changes);
  (*json)[comparison.worth + "_change"] = own.worth - base.worth;
  (*json)[comparison.worth + "_change_interval"] =
      interval_json(percentile_interval(&worth_changes));
  (*json)["air_change"] = own.air - base.air;
  (*json)["air_change_interval"] = interval_json(air_interval);
  (*json)["is_beyond_chance"] = air_interval.low > 0;
  (*json)["is_within_loss"] = own.worth - base.worth >= -comparison.max_loss;
}

void file_chosen(Json chosen, Json* report) {
  const bool holds = chosen["is_beyond_chance"] == true && chosen["is_within_loss"] == true;
  (*report)[holds ? "best" : "unconfirmed"].push_back(std::move(chosen));
}

Json interval_json(const Interval& interval) { return Json::array({interval.low, interval.high}); }

}  // namespace guardrank::audit
