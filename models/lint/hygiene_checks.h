// What can be read off a policy without trying values.
#pragma once

#include "models/lint/compiled_policy.h"

namespace guardrank::lint {

// Declared and never named: facts (unless the model reads them), parameters.
void check_unused(const CompiledPolicy& policy, std::span<const Field> fields, Findings* findings);
// Reason codes, texts, units, owners and bounds that reviewers and regulators ask for; protected
// facts that a request might still send.
void check_texts(const Policy& policy, Findings* findings);
// Expressions that may take more steps of one candidate than there are.
void check_cost(const CompiledPolicy& policy, Findings* findings);
// Facts that the catalog lacks and may not, and those whose absence is told as a failed rule.
void check_missing(const CompiledPolicy& policy, Findings* findings);
// Validity dates of rules and offers against `now` (micros).
void check_dates(const CompiledPolicy& policy, std::int64_t now, Findings* findings);
// Mandated offers: not in the catalog, two at one slot, above their caps, and which guardrails and
// penalties a mandated slot does not heed.
void check_placement(const CompiledPolicy& policy, Findings* findings);

}  // namespace guardrank::lint
