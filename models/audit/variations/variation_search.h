// The search for less discriminatory alternatives to a deployed ranking: every move alone, the best of
// them together, then seeded draws.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "models/audit/alternatives/standing.h"
#include "models/audit/variations/moves.h"

namespace guardrank::audit {

// How variations stand on the requests that choose.
using Judging = std::function<std::vector<Standing>(std::span<const Variation> variations)>;

struct FoundVariations {
  std::vector<Variation> tried;              // the first is what is deployed
  std::vector<Standing> standings;           // of them
  std::size_t n_single = 0;                  // tried next: one move each
  std::size_t n_untried = 0;                 // single moves that `search` left no room for
  std::vector<std::size_t> frontier;
  std::vector<std::size_t> chosen;           // of each kind the best within the loss, with few moves
  double least_value = 0;                    // that the loss leaves
};

FoundVariations search_variations(const Moves& moves, const VariationsChoice& choice,
                                  std::uint64_t seed, const Judging& judging);

}  // namespace guardrank::audit
