#include "models/pack/documents/cost_warning.h"

#include "core/base/limits.h"

namespace guardrank::pack {

std::string cost_warning(const Program& program) {
  if (program.cost <= limits::evaluation_row_steps) return {};
  const bool is_countable = program.cost != UINT64_MAX;
  return "it may take " + (is_countable ? std::to_string(program.cost) : "countless") +
         " steps for one candidate where lists are as long as they may be, and has " +
         std::to_string(limits::evaluation_row_steps) +
         " (limits::evaluation_row_steps): a candidate that needs more is not eligible";
}

}  // namespace guardrank::pack
