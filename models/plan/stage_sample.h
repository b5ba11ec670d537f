// Requests to measure stages on, and one of them ranked and timed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/decision/pipeline.h"
#include "models/plan/stage_costs.h"

namespace guardrank::plan {

struct SampledRequest {
  std::string json;                           // without labels, with a limit
  std::size_t line = 0;
};

// Throws PackError that names the line; Status::missing when there are none.
std::vector<SampledRequest> read_sample(std::string_view requests, std::uint32_t limit);

// The request with `n` of its candidates (of the catalog where it lists none), evenly spread.
std::string with_fewer_candidates(const SampledRequest& request, const Catalog& catalog,
                                  std::size_t n);

// What one ranking gave: value of what the full path shows, and what of it stage one kept.
struct ValueKept {
  double kept = 0, total = 0;
  double recall() const { return total > 0 ? kept / total : 1; }
};

class StageRunner {
 public:
  explicit StageRunner(const Pipeline& pipeline);
  StageRunner(const StageRunner&) = delete;
  StageRunner& operator=(const StageRunner&) = delete;

  // The full path; what it shows is what `value_kept` then compares with.
  TimedRanking run_full(const SampledRequest& request, std::size_t n_runs);
  // With figures under which K is `n_kept`.
  TimedRanking run_with(const SampledRequest& request, std::uint32_t n_kept, std::size_t n_runs);
  TimedRanking run_planned(const SampledRequest& request, const TwoStage& figures);
  // Of the last full path, in the last ranking that was none.
  ValueKept value_kept() const;

 private:
  TimedRanking run(const SampledRequest& request, std::size_t n_runs);

  struct Shown {
    std::uint32_t candidate = 0;
    double value = 0;
  };

  Pipeline pipeline_;
  Request request_;
  Session session_;
  Decision decision_;
  std::vector<Shown> shown_;
};

}  // namespace guardrank::plan
