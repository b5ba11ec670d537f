// What a ranking shows to groups of people.
#pragma once

#include <nlohmann/json.hpp>

#include "models/audit/population.h"
#include "models/audit/ranking/rankings.h"
#include "models/audit/statistics/resampling.h"

namespace guardrank::audit {

// One row per request, in the form that the parity of outcomes is measured on: shown anything, the mean
// probability, the reach. The groups come from the file alone, joined by request id.
Population population_of(const Rankings& rankings, std::string_view groups,
                         const RankingChoice& choice);

// The report's part "attributes": by group the share of requests that are shown anything, the mean
// probability of the head over what is shown, its reach summed over the positions, and the share of
// exposure that each value of `by` gets.
nlohmann::ordered_json audit_reach(const Rankings& rankings, const Population& population,
                                   const RankingChoice& choice, const DrawProgress& progress);

}  // namespace guardrank::audit
