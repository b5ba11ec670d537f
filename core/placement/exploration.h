// Exploration: which of the feasible candidates a slot gets, and with what probability.
#pragma once

#include <cstdint>
#include <span>

#include "core/artifact/policy.h"

namespace guardrank {

struct Draw {
  std::uint32_t index = 0;      // into the candidates
  double propensity = 1;        // of this pick, given the picks above it
};

// With probability epsilon any candidate alike, else the best: numbers 0 and 1 of stream `slot`.
Draw draw_epsilon(double epsilon, std::uint32_t n_candidates, std::uint32_t best,
                  std::uint64_t seed, std::uint32_t slot);

// Candidate i with probability exp(worth_i / temperature) / sum, by inverse transform of number 0
// of stream `slot` (Plackett 1975, Luce 1959). `worth` in an order that does not depend on the
// request's; it is overwritten.
Draw draw_plackett_luce(double temperature, std::span<double> worth, std::uint64_t seed,
                        std::uint32_t slot);

}  // namespace guardrank
