// Requests as they would be if every offer paid the same.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/decision/pipeline.h"
#include "models/pack/memory.h"

namespace guardrank::audit {

// The candidate facts that say what an offer pays: those named, or all numbers that revenue terms
// read. Throws PackError for a name that is no number of a candidate, and where there are none.
std::vector<std::uint32_t> find_payouts(const Pipeline& pipeline,
                                        const std::vector<std::string>& names);

// Names of payouts among the facts that the model reads: making them equal changes probabilities.
std::vector<std::string> payouts_of_model(const Pipeline& pipeline,
                                          const std::vector<std::uint32_t>& payouts);

// A pipeline over the same artifacts whose requests may set payouts.
class EqualPayouts {
 public:
  EqualPayouts(const Pipeline& pipeline, std::vector<std::uint32_t> payouts,
               const Allocator& allocator);

  // The request of the JSON text with each payout at its mean over the request's candidates
  // (rounded where the fact is a whole number); what is missing stays missing. Valid until the next
  // call.
  Request& read(std::string_view json);
  const Pipeline& pipeline() const { return pipeline_; }

 private:
  void equalise(std::uint32_t fact);

  pack::Memory table_memory_, memory_;
  FactTable facts_;
  Pipeline pipeline_;
  std::vector<std::uint32_t> payouts_;
  Request request_;
};

}  // namespace guardrank::audit
