// A reason in words: what the explanation, the record's reader and the C interface show.
#pragma once

#include <string_view>

#include "core/decision/pipeline.h"

namespace guardrank {

struct ReasonText {
  std::string_view rule;            // id of the rule, guardrail, term or head; "validity"; a fact
  std::string_view code, text;
  std::string_view adverse_action;  // empty where the rule states none
  std::string_view value;           // "false", "unknown", "error", "not_finite", "overflow"
  std::string_view missing;         // where unknown: the missing fact, "ctx.age"
  std::string_view problem;         // where an expression is an error: "division by zero"
};

// Where a missing fact that has texts of its own made a rule or guardrail unknown, code, text and
// adverse action are the fact's and none of them the rule's: nobody failed it. The texts live as
// long as the pipeline.
ReasonText describe(const Pipeline& pipeline, const Reason& reason);

}  // namespace guardrank
