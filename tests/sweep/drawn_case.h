// One drawn case of the sweep: a bundle and requests that rank on it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/pack/artifact/writers.h"

namespace guardrank::sweep {

struct DrawnCase {
  std::uint64_t seed = 0;
  pack::AlignedBytes bundle;
  std::uint64_t partial_bytes = 0;    // room for the kept sums of some offers, not of all
  std::vector<std::string> requests;  // JSON
};

// What the cases exercise: a sweep that asks nothing would agree everywhere.
struct Coverage {
  std::uint64_t ranked = 0, excluded = 0, two_stage = 0, requests = 0, with_kept_sums = 0;
  std::uint64_t partly_kept = 0, explored = 0, bytes = 0;
  std::uint64_t uncertain = 0;        // ranked with a first probability of 0.01 to 0.99
};

// Draws the case of a seed, opens and ranks it once, and counts. Throws std::runtime_error where
// what was drawn is refused.
DrawnCase draw_case(std::uint64_t seed, Coverage* coverage);

}  // namespace guardrank::sweep
