// Requests ranked, with payouts as they are and equal, in a form that is small to keep.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "models/audit/audit.h"
#include "models/audit/ranking/equal_payouts.h"
#include "models/audit/specification.h"

namespace guardrank::audit {

struct Shown {
  std::uint32_t offer = 0;           // ordinal in Offers
  double probability = 0;            // of the head
  double score = 0;                  // currency units
};

struct RankedRequest {
  std::string id;
  std::size_t depth = 0;             // positions that give exposure
  std::vector<Shown> actual, equal;  // whole rankings, best first; `equal` without steering: empty
};

// Offers met so far and what they are summed by.
class Offers {
 public:
  // `by`: ordinal of a candidate fact, or no_fact.
  explicit Offers(std::uint32_t by) : by_(by) {}

  std::uint32_t add(const Request& request, std::uint32_t candidate);
  // Reads the labels of a request's candidates; before `add`.
  void open(const Request& request);

  std::size_t size() const { return names_.size(); }
  const std::string& name(std::uint32_t offer) const { return names_[offer]; }
  std::uint32_t label(std::uint32_t offer) const { return labels_[offer]; }
  const std::vector<std::string>& labels() const { return label_names_; }
  bool has_labels() const { return by_ != no_fact; }

 private:
  std::uint32_t label_of(std::uint32_t candidate);

  std::uint32_t by_;
  std::map<std::string, std::uint32_t, std::less<>> ordinals_, label_ordinals_;
  std::vector<std::string> names_, label_names_;
  std::vector<std::uint32_t> labels_;
  pack::Memory memory_;
  Column column_{};
};

struct Rankings {
  std::vector<RankedRequest> requests;
  std::unique_ptr<Offers> offers;
  std::string head;
  std::vector<std::string> payouts, payouts_of_model;
};

// Throws PackError: "line 3: ..." for a bad request, a name that the bundle does not know.
Rankings rank_requests(const RankingInput& input, const RankingChoice& choice,
                       const Progress& progress);

}  // namespace guardrank::audit
