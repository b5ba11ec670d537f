// All rules together: whether anybody passes them.
#pragma once

#include "models/lint/compiled_policy.h"
#include "models/pack/rows/calibration_rows.h"

namespace guardrank::lint {

// Over the catalog's offers: those that nobody can reach. Nothing without a catalog. `now`: micros.
void check_reach_of_offers(const CompiledPolicy& policy, std::int64_t now,
                           const pack::Progress& progress, Findings* findings);
// Rules and guardrails over any offers, where few enough values are a proof.
void check_all_together(const CompiledPolicy& policy, std::int64_t now, Findings* findings);

}  // namespace guardrank::lint
