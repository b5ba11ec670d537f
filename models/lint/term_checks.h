// What terms come to.
#pragma once

#include "models/lint/compiled_policy.h"

namespace guardrank::lint {

// A penalty below 0, or no amount at all, removes the offer: an error of terms that read nothing, so
// that one value is proven, and a warning where values tried (`now`: micros) did nothing better. Terms
// that sum what the model gives in another unit.
void check_terms(const CompiledPolicy& policy, std::int64_t now, Findings* findings);

}  // namespace guardrank::lint
