// Which release serves a request. Pure: the same request and releases give the same choice, in
// whatever order releases and their routes are given.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/artifact/release.h"
#include "core/base/arena.h"
#include "core/base/limits.h"
#include "core/base/status.h"
#include "core/frame/request.h"

namespace guardrank {

// Dimensions that a route may name, from the widest to the narrowest.
inline constexpr std::size_t n_dimensions = 5;
std::string_view dimension_name(std::size_t dimension);
std::string_view dimension_of(const Route& route, std::size_t dimension);
std::string_view dimension_of(const RouteKey& key, std::size_t dimension);

// What a route names, as an order: of two routes that match a request, the one with the larger number
// wins. More dimensions named win; of equally many, those that name the narrower one. Two routes with
// the same number that match one request name the same values.
std::uint32_t specificity(const Route& route);

// Where a unit stands in [0, 1) under a salt: XXH64 of the unit, with the XXH64 of the salt (seed 0)
// as seed; its upper 53 bits, over 2^53.
double unit_fraction(std::string_view salt, std::string_view unit);

inline constexpr std::uint32_t no_route = UINT32_MAX;

// Why a chain of fallbacks is no longer than it is.
enum class ChainEnd : std::uint8_t {
  complete = 0,      // its last route names no fallback
  unknown = 1,       // the release named is not among those given
  unmatched = 2,     // it has no full route for this request
  cycle = 3,         // it is in the chain already
  too_long = 4,      // limits::fallback_releases
};

// Routes are named by ordinals: their place when all releases' routes stand one after another.
struct RouteChoice {
  std::uint32_t primary = no_route;    // no_route: nothing serves this request
  bool is_experiment = false;          // the primary is a canary's or an A/B arm's
  double fraction = 0;                 // of the unit, under the experiment's salt; else 0
  std::uint32_t n_shadows = 0;
  std::uint32_t n_fallbacks = 0;
  std::array<std::uint32_t, limits::shadow_routes> shadows{};        // scored and logged, not shown
  std::array<std::uint32_t, limits::fallback_releases> fallbacks{};  // in the order they are tried
  ChainEnd chain_end = ChainEnd::complete;
  std::string_view missing_fallback;   // the name at which the chain ended, unless complete
};

// The routes of several releases, ordered for looking up. Immutable once prepared: any number of
// threads may choose.
class RouteTable {
 public:
  // The releases' texts and routes must outlive the table; `releases` itself is copied. Two releases
  // of one name are Status::duplicate.
  Status prepare(std::span<const Release> releases, Arena* arena, Error* error);

  // Takes no memory.
  RouteChoice choose(const RouteKey& key) const;

  std::uint32_t n_routes() const { return static_cast<std::uint32_t>(entries_.size()); }
  const Route& route(std::uint32_t ordinal) const { return *entries_[ordinal].route; }
  std::uint32_t release_index(std::uint32_t ordinal) const { return entries_[ordinal].release; }
  const Release& release(std::uint32_t ordinal) const {
    return releases_[entries_[ordinal].release];
  }
  // The salt that places units for a route: its own, or its release's name.
  std::string_view salt(std::uint32_t ordinal) const;
  // The share [begin, end) of units that an experiment's arm or a shadow has under its salt.
  struct Share {
    double begin = 0, end = 0;
  };
  Share share(std::uint32_t ordinal) const { return entries_[ordinal].share; }

 private:
  struct Entry {
    const Route* route = nullptr;
    std::uint64_t hash = 0;            // of the values that the route names
    std::uint32_t release = 0;
    std::uint32_t specificity = 0;
    Share share;
  };
  // Routes that name the same dimensions, as a range of `order_`.
  struct Level {
    std::uint32_t specificity = 0;
    std::uint32_t begin = 0, end = 0;
  };
  using Range = std::span<const std::uint32_t>;

  Status check_names(Error* error);
  void fill();
  bool stands_before(std::uint32_t a, std::uint32_t b) const;
  int compare(std::uint32_t a, std::uint32_t b) const;
  void make_levels();
  void place_arms();
  void place_group(Range group);
  Range find(const Level& level, const RouteKey& key) const;
  void choose_primary(Range found, const RouteKey& key, RouteChoice* choice) const;
  bool takes(std::uint32_t ordinal, std::string_view unit, double* fraction) const;
  void add_shadows(Range found, const RouteKey& key, RouteChoice* choice) const;
  void add_fallbacks(const RouteKey& key, RouteChoice* choice) const;
  std::uint32_t find_full(std::uint32_t release, const RouteKey& key) const;
  std::uint32_t find_release(std::string_view name) const;

  std::span<const Release> releases_;
  std::span<Entry> entries_;           // by ordinal
  std::span<std::uint32_t> order_;     // ordinals: most specific first, then by values and use
  std::span<std::uint32_t> by_name_;   // releases
  std::span<std::uint32_t> first_;     // ordinal of each release's first route; one more at the end
  std::array<Level, 32> levels_{};
  std::uint32_t n_levels_ = 0;
};

// What came of one route, for those who ask why.
enum class RouteVerdict : std::uint8_t {
  serves = 0,
  shadows = 1,
  falls_back = 2,        // in the chain of fallbacks
  offline = 3,
  mismatch = 4,          // the request has another value, or none
  less_specific = 5,     // a route that names more serves
  other_units = 6,       // an experiment or shadow of other units
  needs_unit = 7,        // an experiment or sampled shadow, and the request names no unit
  experiment_serves = 8, // the full route of units that no experiment takes
  newer_serves = 9,      // another full route of the same values, of a release made later
  surplus_shadow = 10,   // the release shadows by a more specific route, or there are enough
};
struct RouteFinding {
  RouteVerdict verdict{};
  std::uint8_t dimension = 0;          // of a mismatch
};
RouteFinding explain_route(const RouteTable& table, const RouteKey& key, const RouteChoice& choice,
                           std::uint32_t ordinal);

// The choice and what came of every route, as JSON; the text lives in `arena`.
Status write_route_explanation(const RouteTable& table, const RouteKey& key, Arena* arena,
                               std::string_view* text);

}  // namespace guardrank
