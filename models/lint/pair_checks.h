// Rules and guardrails held against each other.
#pragma once

#include "models/lint/compiled_policy.h"
#include "models/pack/rows/calibration_rows.h"

namespace guardrank::lint {

// Two by two, where they share a fact and are in force together at or after `now` (micros): those that
// are never true together, and those that fail nobody whom the other does not fail as well.
void check_pairs(const CompiledPolicy& policy, std::int64_t now, const pack::Progress& progress,
                 Findings* findings);

}  // namespace guardrank::lint
