// Policy documents, YAML or JSON (contracts.md section 2), to the plain structs of core/artifact.
#pragma once

#include <optional>
#include <string_view>

#include "core/artifact/policy.h"
#include "models/pack/memory.h"

namespace guardrank::pack {

// Owns everything that its views point to; may be moved.
class PolicyDocument {
 public:
  const Policy& policy() const { return policy_; }
  // What two_stage's recall was measured of, "sha256:..", or empty (models/pack/retrieval).
  std::string_view measured_of() const { return measured_of_; }

 private:
  friend PolicyDocument read_policy(std::string_view text, const std::optional<TwoStage>& stages);

  Memory memory_;
  Policy policy_;
  std::string_view measured_of_;
};

// Beside the members of contracts.md a fact may say whether it may be missing (`missing`, true unless
// said; false: a candidate without it is not eligible, whatever the rules say) and what is told
// where it is, in place of what the rule says that could not be decided:
//   ctx.income: {type: double, missing: false, code: NO_INCOME, text: Income was not stated,
//                adverse_action: Unable to verify income}
// And a document may have jurisdiction packs, rules that apply where a
// context fact has one of the values:
//   jurisdiction_packs: [{id: ca, fact: ctx.state, values: [CA], rules: [...]}]
// They become rules of the policy whose `when` says so.
//
// Strict: unknown members and duplicate keys are Status::json, a missing member Status::missing, a
// wrong type Status::type, an id used twice Status::duplicate, an unknown namespace or a name that
// is no identifier Status::name, a value out of its bounds Status::argument. The PackError's place
// is a path ("rules[0].expr"), its message has the line. Expressions are kept as they are: the
// snapshot compiles them. `policy().source` is the text itself.
// With `two_stage` the document's own is not read.
PolicyDocument read_policy(std::string_view text,
                           const std::optional<TwoStage>& two_stage = std::nullopt);

}  // namespace guardrank::pack
