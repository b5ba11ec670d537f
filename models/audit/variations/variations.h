// Less discriminatory alternatives to a deployed ranking as a part of the report.
#pragma once

#include <span>

#include <nlohmann/json.hpp>

#include "models/audit/audit.h"
#include "models/audit/population.h"
#include "models/audit/ranking/rankings.h"

namespace guardrank::audit {

// Facts kept from the model and other parameters, tried on the requests that `rankings` ranked.
// `population`: the same requests with their groups; `references`: by attribute, the group that the others
// are held against. (models/audit/README.md)
nlohmann::ordered_json find_variations(const RankingInput& input, const RankingChoice& choice,
                                       const Rankings& rankings, const Population& population,
                                       std::span<const std::uint32_t> references,
                                       const Progress& progress);

}  // namespace guardrank::audit
