// How routes are held against a request.
#pragma once

#include "core/route/route.h"

namespace guardrank {

// n_dimensions where every value that the route names is the request's, else the first that is not.
std::size_t first_mismatch(const Route& route, const RouteKey& key);

inline bool is_experiment(const Route& route) {
  return route.stage == Stage::canary || route.stage == Stage::ab;
}

}  // namespace guardrank
