#include "core/route/route_match.h"

#include "core/base/hash.h"
#include "core/frame/route_parts.h"

namespace guardrank {
namespace {

// In the order of route_parts, which names them.
constexpr std::string_view Route::*dimensions[n_dimensions] = {
    &Route::product, &Route::market, &Route::segment, &Route::partner, &Route::surface};

}  // namespace

std::string_view dimension_name(std::size_t dimension) { return route_parts[dimension].name; }

std::string_view dimension_of(const Route& route, std::size_t dimension) {
  return route.*dimensions[dimension];
}

std::string_view dimension_of(const RouteKey& key, std::size_t dimension) {
  return key.*route_parts[dimension].value;
}

std::uint32_t specificity(const Route& route) {
  std::uint32_t number = 0;
  for (std::size_t d = 0; d < n_dimensions; ++d)
    if (!dimension_of(route, d).empty()) number += (1u << n_dimensions) + (1u << d);
  return number;
}

std::size_t first_mismatch(const Route& route, const RouteKey& key) {
  for (std::size_t d = 0; d < n_dimensions; ++d) {
    const std::string_view named = dimension_of(route, d);
    if (!named.empty() && named != dimension_of(key, d)) return d;
  }
  return n_dimensions;
}

double unit_fraction(std::string_view salt, std::string_view unit) {
  const std::uint64_t hash = xxh64(unit, xxh64(salt, 0));
  return static_cast<double>(hash >> 11) * 0x1p-53;
}

}  // namespace guardrank
