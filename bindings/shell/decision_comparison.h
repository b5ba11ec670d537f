// A decision as a file shows it, held against the same decision computed again: what a record alone
// does not vouch for, since people read the texts and numbers beside it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace guardrank::shell {

// A Failure (GR_STATUS_JSON) when it is none, or when an object has two members of one name, of which
// readers take one or the other. `place` names the file in messages.
nlohmann::ordered_json read_decision(std::string_view text, const std::string& place);

struct DecisionComparison {
  bool is_compared = false;                // false: the file shows nothing of the decision
  std::string difference;                  // the first: "decision.ranked[0].score_micros: ..."; or empty
  std::vector<std::string> not_compared;   // members that the file or the decision has alone
};

// Every member that both have must be the same all through; the order of members is nothing, nor is the
// record itself. Of an older engine (`is_same_engine` false), a member may be missing further in.
DecisionComparison compare_decisions(const nlohmann::ordered_json& file,
                                     const nlohmann::ordered_json& again, bool is_same_engine);

}  // namespace guardrank::shell
