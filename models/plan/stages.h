// What a policy's `two_stage` states, measured on this machine: the costs of each stage, and what
// of the value stage one keeps.
#pragma once

#include <string>

#include "models/pack/pack.h"

namespace guardrank::plan {

struct StagesChoice {
  std::size_t n_runs = 5;                     // of each measurement; the median counts
  std::uint32_t limit = 20;                   // of requests that state none
  std::optional<double> budget_us;            // instead of the policy's
  std::optional<double> min_value_recall;     // likewise
};

struct StagesPlan {
  std::string report, page;                   // JSON, one self-contained HTML page
  std::string policy;                         // the policy's document with the figures in it
};

// Packs the folder, the policy and the catalog in memory and ranks `requests` (JSON lines) by the
// full path and with stage one at several K. Times are the processor's for one warm ranking. Throws
// PackError.
StagesPlan plan_stages(const pack::PackInputs& inputs, std::string_view requests,
                       const StagesChoice& choice);

}  // namespace guardrank::plan
