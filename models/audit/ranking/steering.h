// How far payouts move offers: rankings as they are against rankings with payouts equal.
#pragma once

#include <nlohmann/json.hpp>

#include "models/audit/ranking/rankings.h"
#include "models/audit/statistics/resampling.h"

namespace guardrank::audit {

// The report's part "steering" (models/audit/README.md).
nlohmann::ordered_json audit_steering(const Rankings& rankings, const RankingChoice& choice,
                                      const DrawProgress& progress);

// Kendall's tau-a of two orders of the same n things; `order`: places in the second, in the order
// of the first. 1 for n < 2.
double kendall_tau(std::span<const std::uint32_t> order);

}  // namespace guardrank::audit
