// The parts of a route by name, as requests, policies and releases spell them. The order is that of
// dimensions in core/route, then the unit.
#pragma once

#include "core/frame/request.h"

namespace guardrank {

struct RoutePart {
  std::string_view name;
  std::string_view RouteKey::*value;
};
inline constexpr RoutePart route_parts[] = {
    {"product", &RouteKey::product}, {"market", &RouteKey::market},   {"segment", &RouteKey::segment},
    {"partner", &RouteKey::partner}, {"surface", &RouteKey::surface}, {"unit", &RouteKey::unit},
};

}  // namespace guardrank
