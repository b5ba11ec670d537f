// Expected value in money: named terms, each rounded to micros, and their exact sum.
#pragma once

#include <cstdint>
#include <span>

#include "core/artifact/policy.h"
#include "core/expr/expression.h"
#include "core/frame/exclusion.h"

namespace guardrank {

struct ValuePlan {
  const Policy* policy = nullptr;
  std::span<const Program> terms;
};

Status prepare_value(const Policy& policy, const FactTable& facts, Arena* arena, ValuePlan* plan,
                     Error* error);

struct Scores {
  std::span<const std::span<const std::int64_t>> terms;   // by term, then row; penalties negative
  std::span<const std::int64_t> score;                    // their sum, micros
};

// A candidate with a term that is unknown, not finite or outside int64 (or whose sum is) is
// excluded. A penalty below zero is an error of the policy: excluded as not finite is not what it
// is, so its value is reported as ReasonValue::error. Scores are over the rows kept.
Status apply_value(const ValuePlan& plan, Frame* frame, ExclusionList* exclusions, Scores* scores);

}  // namespace guardrank
