// What a policy gives on a sample of requests: the figures that a sweep draws and targets name.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/decision/pipeline.h"
#include "models/pack/rows/calibration_rows.h"
#include "models/plan/own_revenue.h"

namespace guardrank::plan {

// Names of the figures and where each is read.
class Figures {
 public:
  explicit Figures(const Pipeline& pipeline);

  // "revenue", "score" and "term.<id>" (currency units a request), "p.<head>" (of what is shown, over
  // the requests that show anything), "reach.<head>" (a request), "rate.<head>" (of a head with a
  // condition: its reach over its condition's, as approvals an application), "share.<head>" (of the
  // reach of all heads without a condition), "shown" (offers a request), "empty" (share of requests
  // that show nothing), "removed.<guardrail>" (offers a request). Revenue and its terms are in the
  // policy's own parameters; scores and other terms are what the ranking went by.
  const std::vector<std::string>& names() const { return names_; }
  std::size_t find(const std::string& name) const;   // throws PackError (Status::name)

  // Sums over what one decision shows, exposure 1/log2(1 + position) over `depth` positions and
  // normalised to 1 a request; added to `sums`, one per name.
  void add(const Decision& decision, OwnRevenue* revenue, std::size_t depth,
           std::vector<double>* sums) const;
  // Figures from sums over `n` requests. A probability, rate or share of nothing is NaN: a policy
  // that shows nothing has no approval rate, and a low one would be a lie.
  std::vector<double> means(const std::vector<double>& sums, double n) const;

 private:
  std::size_t at(const std::string& name) const { return ordinals_.find(name)->second; }
  std::size_t reach_at(std::size_t head) const;
  bool is_probability(std::size_t head) const;
  void add_terms(const Decision& decision, const std::vector<std::vector<std::int64_t>>& revenue,
                 std::uint32_t row, double weight, std::vector<double>* sums) const;

  const Policy* policy_;
  const Model* model_;
  std::vector<std::string> names_;
  std::map<std::string, std::size_t> ordinals_;
};

struct Segment {
  std::string name;
  double n_requests = 0;
  std::vector<double> sums;
};

struct SampleOutcome {
  std::vector<double> means;             // by figure
  std::vector<Segment> segments;         // by name
};

// The sample: requests as JSON lines (members "labels" are ignored).
class Sample {
 public:
  // `segment`: "ctx.<fact>" or a member of the route ("segment", "surface", ...); empty: none.
  // `depth`: positions that give exposure.
  Sample(const Pipeline& pipeline, std::string_view requests, std::string segment,
         std::size_t depth);

  std::size_t size() const { return requests_.size(); }
  const Figures& figures() const { return figures_; }
  // Ranks every request by `pipeline`, the constructor's own with or without other parameters. Throws
  // PackError that names the line.
  SampleOutcome run(const Pipeline& pipeline, const std::function<void(std::size_t)>& ranked) const;

 private:
  std::string segment_of(const Request& request, const FactTable& facts) const;

  const Pipeline& own_;
  Figures figures_;
  std::vector<std::string> requests_;    // without labels
  std::vector<std::size_t> lines_;
  std::string segment_;
  std::size_t depth_;
};

}  // namespace guardrank::plan
