// Whether two shares differ, without approximation.
#pragma once

#include <cstdint>

namespace guardrank::audit {

struct Counts {
  std::uint64_t hits = 0, rows = 0;
};

struct ExactTest {
  double fisher = 1;   // two-sided: all tables at most as likely as the one seen
  double mid_p = 1;    // the same less half the probability of the one seen (Lancaster 1961)
};

// Fisher's exact test of equal rates, given the margins. Linear in the smallest margin. A p below
// about 1e-300 is given as 0.
ExactTest exact_test(const Counts& a, const Counts& b);

}  // namespace guardrank::audit
