// A reason in words: what the explanation, the record's reader and the C interface show.
#pragma once

#include <string_view>

#include "core/decision/pipeline.h"

namespace guardrank {

struct ReasonText {
  std::string_view rule;            // id of the rule, guardrail, term or head; "validity"
  std::string_view code, text;
  std::string_view adverse_action;  // empty where the rule states none
  std::string_view value;           // "false", "unknown", "error", "not_finite", "overflow"
  std::string_view missing;         // where unknown: the missing fact, "ctx.age"
};

// The texts live as long as the pipeline.
ReasonText describe(const Pipeline& pipeline, const Reason& reason);

}  // namespace guardrank
