// Requests ranked by alternatives; what each shows is valued as the deployed policy values it.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "models/audit/audit.h"
#include "models/audit/ranking/rankings.h"
#include "models/audit/variations/moves.h"

namespace guardrank::audit {

// What one request comes to under one variation, over the positions that count, discounted by
// 1/log2(1 + position): the head's probability and the score of what is shown, both by the deployed
// model, terms and parameters, whatever ranked. What these have no value for counts as nothing.
struct RequestOutcome {
  bool is_shown = false;                 // anything
  double reach = 0;
  double value = 0;                      // currency units
};
using Outcomes = std::vector<RequestOutcome>;

class Trials {
 public:
  // `head`: whose probability is reached. What is passed outlives it.
  Trials(const RankingInput& input, const RankingChoice& choice, std::string_view head);

  const Moves& moves() const { return moves_; }
  // By variation, then request. `lines`: JSON. Throws PackError.
  std::vector<Outcomes> run(std::span<const std::string_view> lines,
                            std::span<const Variation> variations,
                            const std::function<void(std::uint64_t done)>& ranked);

 private:
  struct Worth {
    double value = 0, probability = 0;
  };

  void value_candidates();
  RequestOutcome rank_by(const Variation& variation);

  Session* session_;
  std::size_t depth_, head_;
  plan::VariedPipeline varied_;
  Moves moves_;
  Policy open_policy_;                   // neither rules nor guardrails nor placement
  Pipeline valuing_;
  Request request_;
  std::vector<Worth> worths_;            // by candidate
};

}  // namespace guardrank::audit
