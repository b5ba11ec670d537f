// Why, in numbers: how far a rule or guardrail is from deciding otherwise, and which reasons are the
// principal ones. Worked out when asked, from what the stages saw.
#pragma once

#include <cstdint>
#include <span>

#include "core/decision/pipeline.h"
#include "core/expr/threshold.h"

namespace guardrank {

// A guardrail is near its edge where a change of at most this share of one number flips it.
inline constexpr double near_edge_share = 0.1;
// Most principal reasons of one exclusion (as in Regulation B, 12 CFR 1002.9, comment 9(b)(2)-1).
inline constexpr std::uint32_t max_principal_reasons = 4;

// The principal reasons of an exclusion, by rank. One that is false goes before one that is unknown
// or an error, then the policy's order counts; of those that tell the applicant the same only the
// first is principal. That others were kept by stage one says nothing about the applicant: none.
struct PrincipalReasons {
  std::uint32_t reasons[max_principal_reasons] = {};   // ordinals among the exclusion's
  std::uint32_t count = 0;

  // From 1; 0: not a principal one.
  std::uint32_t rank_of(std::uint32_t reason) const;
};
PrincipalReasons principal_reasons(const Decision& decision, const Exclusion& exclusion);

// The decision must outlive it and stay as it is. Memory from the session's arena.
class Explanation {
 public:
  Explanation(const Decision* decision, Arena* arena) : decision_(decision), arena_(arena) {}

  // The smallest change of one number that flips a rule or guardrail that was false; no fact where
  // there is none.
  Status change_of(const Exclusion& exclusion, const Reason& reason, ThresholdChange* change);
  // The smallest change that would make a guardrail remove the ranked row.
  Status change_of_guardrail(std::uint32_t row, std::uint32_t guardrail, ThresholdChange* change);

 private:
  // The rules, or the guardrails, over the candidates that came to them.
  struct Stage {
    bool is_open = false;
    Frame frame;
    std::span<ThresholdColumns*> columns;   // by rule; null: not asked for yet
  };

  Status open_rules();
  Status open_guardrails();
  Status find_columns(Stage* stage, std::uint32_t index, std::string_view source,
                      NamespaceSet allowed, const ThresholdColumns** columns);
  Status change_at(std::uint32_t candidate, std::uint32_t guardrail, ThresholdChange* change);

  const Decision* decision_;
  Arena* arena_;
  Stage rules_, guardrails_;
};

}  // namespace guardrank
