// Less discriminatory alternatives as a part of the report.
#pragma once

#include <nlohmann/json.hpp>

#include "models/audit/alternatives/search.h"

namespace guardrank::audit {

// `references`: by attribute, the group that the others are held against. Groups under
// sampling.min_group rows take no part. (models/audit/README.md)
nlohmann::ordered_json find_alternatives(const Population& population,
                                         const PopulationChoice& choice,
                                         std::span<const std::uint32_t> references,
                                         const StepProgress& progress);

}  // namespace guardrank::audit
