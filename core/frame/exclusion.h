// Why candidates were left out: gathered by the stages that remove, read by the explanation.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "core/base/arena.h"

namespace guardrank {

enum class ExclusionStage : std::uint8_t { eligibility = 0, value = 1, guardrail = 2, retrieval = 3 };
// "eligibility", "value", "guardrail", "retrieval"
std::string_view exclusion_stage_name(ExclusionStage stage);

// What decided: `index` counts within the kind.
enum class ReasonKind : std::uint8_t {
  rule = 0,         // a policy rule
  validity = 1,     // the offer's own dates; index 0
  guardrail = 2,    // a policy guardrail
  term = 3,         // a term that was unknown, not finite or overflowed (TERM_UNKNOWN)
  probability = 4,  // a head whose logit was not finite; index: head (PROBABILITY_UNKNOWN)
  retrieval = 5,    // stage one kept others; index 0
  fact = 6,         // a fact that may not be missing; index: its ordinal
};

enum class ReasonValue : std::uint8_t {
  is_false = 0,
  unknown = 1,
  error = 2,
  not_finite = 3,
  overflow = 4,
};
std::string_view reason_value_name(ReasonValue value);  // "false", "unknown", "error", ...

struct Reason {
  ReasonKind kind = ReasonKind::rule;
  ReasonValue value = ReasonValue::is_false;
  std::uint32_t index = 0;
  std::uint32_t missing_fact = UINT32_MAX;   // where unknown: the first missing fact's ordinal
  std::uint8_t problem = 0;                  // where an expression is an error: its EvalProblem
};

struct Exclusion {
  std::uint32_t candidate = 0;               // index in the request
  ExclusionStage stage = ExclusionStage::eligibility;
  std::uint32_t first_reason = 0, n_reasons = 0;
};

// Append-only, in the session's arena; a candidate's reasons are added together.
class ExclusionList {
 public:
  explicit ExclusionList(Arena* arena) : arena_(arena) {}

  Status begin(std::uint32_t candidate, ExclusionStage stage);
  Status add(const Reason& reason);          // to the candidate begun last

  std::span<const Exclusion> exclusions() const { return {exclusions_.data(), n_exclusions_}; }
  std::span<const Reason> reasons(const Exclusion& exclusion) const {
    return {reasons_.data() + exclusion.first_reason, exclusion.n_reasons};
  }

 private:
  Arena* arena_;
  std::span<Exclusion> exclusions_;
  std::span<Reason> reasons_;
  std::uint32_t n_exclusions_ = 0, n_reasons_ = 0;
};

}  // namespace guardrank
