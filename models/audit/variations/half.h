// One half of the requests, and what outcomes on it come to.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "models/audit/alternatives/contrasts.h"
#include "models/audit/alternatives/standing.h"
#include "models/audit/variations/trials.h"

namespace guardrank::audit {

// A group against its reference, on some outcomes. Means over the group's requests.
struct ContrastFigures {
  double rate = 0, reference_rate = 0;   // shown anything
  double reach = 0, reference_reach = 0;

  double air() const { return rate / reference_rate; }
  double reach_ratio() const { return reach / reference_reach; }
};

// 1 where two groups fare alike; a group ahead of its reference is as far from parity as one behind.
double parity_of(double ratio);

struct Half {
  std::vector<std::size_t> requests;     // of all
  std::vector<std::string_view> lines;
  std::vector<std::vector<std::uint32_t>> codes;   // by attribute, then request of the half

  std::size_t size() const { return lines.size(); }
};

// Those that choose alternatives, and those on which the chosen ones are reported: by the lowest bit of
// XXH64 of the request's id with the seed. Throws PackError where a contrast has too few requests in
// either.
struct Halves {
  Half choosing, reporting;
};
Halves split_requests(std::span<const std::string_view> lines, const Rankings& rankings,
                      const Population& population, std::span<const Contrast> contrasts,
                      std::uint64_t seed);

class HalfMeasure {
 public:
  // `judge`: shown or reach. What is passed outlives it.
  HalfMeasure(const Half& half, std::span<const Contrast> contrasts, Judge judge)
      : half_(half), contrasts_(contrasts), judge_(judge) {}

  // Mean value a request, and the worst parity of the figure that judges. `counts`: how often each
  // request is drawn; empty: once.
  Standing standing(const Outcomes& outcomes, std::span<const std::uint32_t> counts) const;
  // By contrast.
  std::vector<ContrastFigures> figures(const Outcomes& outcomes,
                                       std::span<const std::uint32_t> counts) const;

 private:
  const Half& half_;
  std::span<const Contrast> contrasts_;
  Judge judge_;
};

}  // namespace guardrank::audit
