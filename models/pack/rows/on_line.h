// Errors of one line out of many.
#pragma once

#include <string>
#include <string_view>

#include "models/pack/pack_error.h"

namespace guardrank::pack {

// The error seen from outside, where `place` names the line ("line 5"): the "line 1" that the line by
// itself says before its column goes.
inline PackError on_line(const PackError& problem, std::string_view place) {
  constexpr std::string_view alone = "line 1, ";
  const std::string& where = problem.where();
  const std::size_t n_before = where.empty() ? 0 : where.size() + 2;
  const std::string inner = where.substr(where.starts_with(alone) ? alone.size() : 0);
  return {problem.status(), std::string(place) + (inner.empty() ? "" : ": ") + inner,
          std::string_view(problem.message()).substr(n_before)};
}

}  // namespace guardrank::pack
