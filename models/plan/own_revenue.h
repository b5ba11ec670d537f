// What a policy's revenue terms come to with its own parameters, whatever they are moved to.
#pragma once

#include <span>
#include <vector>

#include "core/decision/pipeline.h"
#include "models/pack/memory.h"

namespace guardrank::plan {

// A multiplier that is moved is not a price that changes: the world pays what it pays. So what a
// ranking under moved parameters brings in is told in the policy's own.
class OwnRevenue {
 public:
  explicit OwnRevenue(const Pipeline& own);
  OwnRevenue(const OwnRevenue&) = delete;
  OwnRevenue& operator=(const OwnRevenue&) = delete;

  // By revenue term (in the policy's order), then row of the decision: micros. 0 for an offer of which
  // one has no value with the policy's own parameters. Valid until the next call. Throws PackError.
  const std::vector<std::vector<std::int64_t>>& of(const Decision& decision);

 private:
  const Pipeline& own_;
  Policy policy_;                        // of its terms, those of revenue
  std::vector<Term> terms_;
  std::vector<Program> programs_;
  ValuePlan plan_;
  pack::Memory memory_;
  std::vector<std::vector<std::int64_t>> micros_;
};

}  // namespace guardrank::plan
