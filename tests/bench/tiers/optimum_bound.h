// How well any cache could have done that knows the future. Source: Berger, Beckmann,
// Harchol-Balter, "Practical Bounds on Optimal Caching with Variable Object Sizes", SIGMETRICS 2018.
#pragma once

#include <cstdint>
#include <vector>

namespace guardrank::tiers {

// An object is asked for at `first` and next at `last`: keeping it in between makes the second
// request a hit. Time is counted in requests.
struct Interval {
  std::uint32_t object = 0;
  std::uint32_t first = 0, last = 0;
};

// Of the intervals that end at `first_counted` or later; what lies before is cut off.
std::vector<Interval> find_intervals(const std::vector<std::uint32_t>& objects,
                                     std::size_t first_counted);

struct BoundInput {
  const std::vector<Interval>* intervals = nullptr;
  const std::vector<double>* bytes = nullptr;    // by object
  const std::vector<double>* value = nullptr;    // of a hit, by object
  double budget_bytes = 0;
  std::size_t n_counted = 0;                     // requests
  std::size_t first_counted = 0;
};

// No schedule earns more: intervals in order of value / (bytes x length) until budget x time is
// used up, the last one in part (PFOO-L, the paper's lower bound on misses; here with values).
double most_value(const BoundInput& input);

// What a schedule that can be carried out earns: the same order, each interval taken if it fits
// beside those taken before at every moment. The optimum lies between the two.
double packed_value(const BoundInput& input);

}  // namespace guardrank::tiers
