// What terms come to whatever the facts are.
#pragma once

#include "models/lint/compiled_policy.h"

namespace guardrank::lint {

// Terms that read no fact, no probability and no time, so that one value is proven: a penalty below
// 0, or no amount at all, removes every offer.
void check_constant_terms(const CompiledPolicy& policy, Findings* findings);

}  // namespace guardrank::lint
