// What rules do on every value that could turn them: rules that can never hold, never matter or
// contradict each other, and offers that nobody can reach.
#pragma once

#include "models/lint/compiled_policy.h"
#include "models/pack/rows/calibration_rows.h"

namespace guardrank::lint {

// Each rule alone. `now`: micros.
void check_each_rule(const CompiledPolicy& policy, std::int64_t now, Findings* findings);
// Rules two by two, where they share a fact.
void check_rule_pairs(const CompiledPolicy& policy, std::int64_t now,
                      const pack::Progress& progress, Findings* findings);
// All rules together over the catalog's offers. Nothing without a catalog.
void check_reach_of_offers(const CompiledPolicy& policy, std::int64_t now,
                           const pack::Progress& progress, Findings* findings);

}  // namespace guardrank::lint
