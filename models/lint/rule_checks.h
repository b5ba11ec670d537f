// What conditions do on every value that could turn them: those that can never hold, never matter or
// never apply.
#pragma once

#include "models/lint/compiled_policy.h"

namespace guardrank::lint {

// Each rule and each guardrail alone. `now`: micros.
void check_each_condition(const CompiledPolicy& policy, std::int64_t now, Findings* findings);
// Conditions of mandated offers.
void check_mandates(const CompiledPolicy& policy, std::int64_t now, Findings* findings);

}  // namespace guardrank::lint
