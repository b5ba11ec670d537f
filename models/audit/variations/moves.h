// What an alternative to a deployed ranking may change.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/decision/pipeline.h"
#include "models/audit/specification.h"
#include "models/plan/varied_pipeline.h"

namespace guardrank::audit {

// A fact that the model may be told is missing.
struct FactMove {
  std::uint32_t fact = no_fact;
  std::string name;                      // "ctx.zip"
};

// A parameter that may take another value.
struct ParameterMove {
  std::size_t parameter = 0;             // of the policy
  std::string name;
  double own = 0, low = 0, high = 0;

  double at(double share) const { return low + (high - low) * share; }
};

struct Moves {
  std::vector<FactMove> facts;
  std::vector<ParameterMove> parameters;
  std::vector<std::string> left_out;     // parameters that could not be varied
};

// Those named; where none is, every fact that the model reads and every parameter with bounds that leave
// it room. Throws PackError (specification.drop, specification.vary) for a name that the model does not
// read or the policy does not have, for a parameter without bounds, and where there is nothing to try.
Moves find_moves(const plan::VariedPipeline& pipeline, const VariationsChoice& choice);

// Which moves are made.
struct Variation {
  std::vector<std::uint8_t> is_withheld; // by Moves::facts
  std::vector<double> values;            // by Moves::parameters

  bool operator==(const Variation&) const = default;
};

Variation as_deployed(const Moves& moves);
std::size_t n_withheld(const Variation& variation);
std::size_t n_changed(const Moves& moves, const Variation& variation);   // parameters
inline std::size_t n_moves(const Moves& moves, const Variation& variation) {
  return n_withheld(variation) + n_changed(moves, variation);
}
// The pipeline ranks as the variation says.
void apply(const Moves& moves, const Variation& variation, plan::VariedPipeline* pipeline);

}  // namespace guardrank::audit
