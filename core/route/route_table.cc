#include <algorithm>

#include "core/base/sort.h"
#include "core/route/route_match.h"

namespace guardrank {
namespace {

// Within one set of values: full routes first, then experiments, then shadows.
int use_of(Stage stage) {
  return stage == Stage::full ? 0 : stage == Stage::shadow ? 2 : stage == Stage::offline ? 3 : 1;
}

template <typename T>
int three_way(const T& a, const T& b) {
  return a < b ? -1 : b < a ? 1 : 0;
}

template <typename Owner>
std::uint64_t hash_of(const Owner& owner, std::uint32_t specificity) {
  std::uint64_t hash = specificity;
  for (std::size_t d = 0; d < n_dimensions; ++d)
    if ((specificity >> d & 1) != 0) hash = xxh64(dimension_of(owner, d), hash);
  return hash;
}

}  // namespace

Status RouteTable::prepare(std::span<const Release> releases, Arena* arena, Error* error) {
  std::size_t n = 0;
  for (const Release& release : releases) n += release.routes.size();
  if (releases.size() > limits::routed_releases || n > limits::table_routes)
    return error->set(Status::limit, "releases", {"too many releases or routes"});
  std::span<Release> copies;
  if (arena->make(releases.size(), &copies) != Status::ok ||
      arena->make(n, &entries_) != Status::ok || arena->make(n, &order_) != Status::ok ||
      arena->make(releases.size(), &by_name_) != Status::ok ||
      arena->make(releases.size() + 1, &first_) != Status::ok)
    return error->no_memory("releases");
  std::copy(releases.begin(), releases.end(), copies.begin());
  releases_ = copies;
  GUARDRANK_TRY(check_names(error));
  fill();
  sort_rows(order_, [this](std::uint32_t a, std::uint32_t b) { return stands_before(a, b); });
  make_levels();
  place_arms();
  return Status::ok;
}

Status RouteTable::check_names(Error* error) {
  for (std::uint32_t i = 0; i < by_name_.size(); ++i) by_name_[i] = i;
  const auto name = [this](std::uint32_t i) { return releases_[i].name; };
  const auto before = [&](std::uint32_t a, std::uint32_t b) { return name(a) < name(b); };
  sort_rows(by_name_, before);
  for (std::size_t i = 1; i < by_name_.size(); ++i)
    if (name(by_name_[i - 1]) == name(by_name_[i]))
      return error->set(Status::duplicate, "releases", {"two are called '", name(by_name_[i]), "'"});
  return Status::ok;
}

void RouteTable::fill() {
  std::uint32_t ordinal = 0;
  for (std::uint32_t r = 0; r < releases_.size(); ++r) {
    first_[r] = ordinal;
    for (const Route& route : releases_[r].routes) {
      const std::uint32_t number = specificity(route);
      entries_[ordinal] = {&route, hash_of(route, number), r, number, {}};
      order_[ordinal] = ordinal;
      ++ordinal;
    }
  }
  first_[releases_.size()] = ordinal;
}

std::string_view RouteTable::salt(std::uint32_t ordinal) const {
  const std::string_view own = route(ordinal).salt;
  return own.empty() ? release(ordinal).name : own;
}

// Everything by which two routes may differ, so that no order of the input shows.
int RouteTable::compare(std::uint32_t a, std::uint32_t b) const {
  const Route& x = route(a);
  const Route& y = route(b);
  if (x.stage == Stage::full) {
    if (const int by = three_way(release(b).created, release(a).created)) return by;
  } else {
    if (const int by = salt(a).compare(salt(b))) return by;
    if (const int by = three_way(x.stage, y.stage)) return by;
    if (const int by = x.arm.compare(y.arm)) return by;
  }
  if (const int by = release(a).name.compare(release(b).name)) return by;
  if (const int by = x.arm.compare(y.arm)) return by;
  if (const int by = three_way(x.model, y.model)) return by;
  if (const int by = three_way(x.policy, y.policy)) return by;
  if (const int by = three_way(x.catalog, y.catalog)) return by;
  return three_way(x.traffic_weight, y.traffic_weight);
}

bool RouteTable::stands_before(std::uint32_t a, std::uint32_t b) const {
  const Entry& x = entries_[a];
  const Entry& y = entries_[b];
  if (x.specificity != y.specificity) return x.specificity > y.specificity;
  if (x.hash != y.hash) return x.hash < y.hash;
  // Two sets of values may share a hash: kept apart, so that each is one range.
  for (std::size_t d = 0; d < n_dimensions; ++d)
    if (const int by = dimension_of(*x.route, d).compare(dimension_of(*y.route, d))) return by < 0;
  const int use = use_of(x.route->stage) - use_of(y.route->stage);
  return use != 0 ? use < 0 : compare(a, b) < 0;
}

void RouteTable::make_levels() {
  n_levels_ = 0;
  for (std::uint32_t i = 0; i < order_.size(); ++i) {
    const std::uint32_t number = entries_[order_[i]].specificity;
    if (n_levels_ == 0 || levels_[n_levels_ - 1].specificity != number)
      levels_[n_levels_++] = {number, i, i};
    levels_[n_levels_ - 1].end = i + 1;
  }
}

// The shares that arms have of the units. Arms of one experiment (values and salt) start where they
// would start if the experiment had all traffic: a ramp that keeps their proportion moves no unit
// from one arm to another. What several experiments of the same values take is divided so that each
// has its weight of all traffic, whatever the others take first.
void RouteTable::place_arms() {
  const auto same_values = [this](std::uint32_t a, std::uint32_t b) {
    for (std::size_t d = 0; d < n_dimensions; ++d)
      if (dimension_of(route(a), d) != dimension_of(route(b), d)) return false;
    return true;
  };
  for (std::size_t i = 0; i < order_.size();) {
    std::size_t end = i + 1;
    while (end < order_.size() && same_values(order_[i], order_[end])) ++end;
    place_group(Range(order_).subspan(i, end - i));
    i = end;
  }
}

void RouteTable::place_group(Range group) {
  double left = 1;
  for (std::size_t i = 0; i < group.size();) {
    const Route& first = route(group[i]);
    if (first.stage == Stage::shadow)
      entries_[group[i]].share = {0, std::min(first.traffic_weight, 1.0)};
    if (!is_experiment(first)) {
      ++i;
      continue;
    }
    double total = 0;
    std::size_t end = i;
    while (end < group.size() && is_experiment(route(group[end])) &&
           salt(group[end]) == salt(group[i]))
      total += std::min(route(group[end++]).traffic_weight, 1.0);
    const double part = total < left ? total / left : total > 0 && left > 0 ? 1.0 : 0.0;
    double before = 0;
    for (; i < end; ++i) {
      const double weight = std::min(route(group[i]).traffic_weight, 1.0);
      const double begin = total > 0 ? before / total : 0;
      // One arm alone has exactly its weight.
      const double width = total > 0 ? weight / total * part : 0;
      entries_[group[i]].share = {begin, begin + width};
      before += weight;
    }
    left = std::max(0.0, left - total);
  }
}

RouteTable::Range RouteTable::find(const Level& level, const RouteKey& key) const {
  for (std::size_t d = 0; d < n_dimensions; ++d)
    if ((level.specificity >> d & 1) != 0 && dimension_of(key, d).empty()) return {};
  const std::uint64_t hash = hash_of(key, level.specificity);
  const Range all = Range(order_).subspan(level.begin, level.end - level.begin);
  const auto* first = std::lower_bound(
      all.data(), all.data() + all.size(), hash,
      [this](std::uint32_t ordinal, std::uint64_t wanted) { return entries_[ordinal].hash < wanted; });
  const auto* const end = all.data() + all.size();
  const auto matches = [&](std::uint32_t ordinal) {
    return first_mismatch(route(ordinal), key) == n_dimensions;
  };
  while (first != end && entries_[*first].hash == hash && !matches(*first)) ++first;
  const auto* last = first;
  while (last != end && entries_[*last].hash == hash && matches(*last)) ++last;
  return {first, last};
}

std::uint32_t RouteTable::find_release(std::string_view name) const {
  const auto* const end = by_name_.data() + by_name_.size();
  const auto* found = std::lower_bound(
      static_cast<const std::uint32_t*>(by_name_.data()), static_cast<const std::uint32_t*>(end), name,
      [this](std::uint32_t i, std::string_view wanted) { return releases_[i].name < wanted; });
  return found != end && releases_[*found].name == name ? *found : no_route;
}

// The most specific full route of a release that matches; of equals the first in the table's order.
std::uint32_t RouteTable::find_full(std::uint32_t release, const RouteKey& key) const {
  std::uint32_t best = no_route;
  for (std::uint32_t i = first_[release]; i < first_[release + 1]; ++i) {
    if (route(i).stage != Stage::full || first_mismatch(route(i), key) != n_dimensions) continue;
    if (best == no_route || stands_before(i, best)) best = i;
  }
  return best;
}

}  // namespace guardrank
