// Figures of heads over labelled requests.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/decision/pipeline.h"

namespace guardrank::tools {

inline constexpr std::size_t ranking_depth = 10;   // of NDCG and the hit rate

// What was seen of one head.
struct HeadRows {
  std::vector<double> probabilities;
  std::vector<std::uint8_t> labels;
  std::uint64_t n_unscored = 0;          // labelled, but excluded by a rule, guardrail or term
  double ndcg = 0, hits = 0;
  std::uint64_t n_lists = 0;             // requests with a positive
};

class Evaluation {
 public:
  explicit Evaluation(std::span<const Head> heads) : heads_(heads), rows_(heads.size()) {}

  // `labels`: the request's member of that name; throws PackError with its path.
  void add(const JsonValue& labels, const Decision& decision);
  std::string report() const;

 private:
  void add_head(std::size_t head, const JsonValue& list, const Decision& decision);

  std::span<const Head> heads_;
  std::vector<HeadRows> rows_;
  std::uint64_t n_requests_ = 0, n_candidates_ = 0, n_excluded_ = 0;
};

}  // namespace guardrank::tools
