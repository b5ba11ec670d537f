#include "core/route/route_match.h"

namespace guardrank {

bool RouteTable::takes(std::uint32_t ordinal, std::string_view unit, double* fraction) const {
  *fraction = unit_fraction(salt(ordinal), unit);
  const Share& share = entries_[ordinal].share;
  return share.begin <= *fraction && *fraction < share.end;
}

// An experiment that has the unit, else the newest full route, else none.
void RouteTable::choose_primary(Range found, const RouteKey& key, RouteChoice* choice) const {
  for (const std::uint32_t ordinal : found) {
    double fraction = 0;
    if (key.unit.empty() || !is_experiment(route(ordinal)) || !takes(ordinal, key.unit, &fraction))
      continue;
    choice->primary = ordinal;
    choice->is_experiment = true;
    choice->fraction = fraction;
    return;
  }
  if (!found.empty() && route(found[0]).stage == Stage::full) choice->primary = found[0];
}

void RouteTable::add_shadows(Range found, const RouteKey& key, RouteChoice* choice) const {
  for (const std::uint32_t ordinal : found) {
    if (route(ordinal).stage != Stage::shadow || choice->n_shadows == choice->shadows.size()) continue;
    bool is_known = false;
    for (std::uint32_t i = 0; i < choice->n_shadows; ++i)
      is_known |= release_index(choice->shadows[i]) == release_index(ordinal);
    double fraction = 0;
    const bool is_all = share(ordinal).end >= 1;
    const bool is_taken = is_all || (!key.unit.empty() && takes(ordinal, key.unit, &fraction));
    if (!is_known && is_taken) choice->shadows[choice->n_shadows++] = ordinal;
  }
}

void RouteTable::add_fallbacks(const RouteKey& key, RouteChoice* choice) const {
  const auto is_used = [&](std::uint32_t wanted) {
    if (release_index(choice->primary) == wanted) return true;
    for (std::uint32_t i = 0; i < choice->n_fallbacks; ++i)
      if (release_index(choice->fallbacks[i]) == wanted) return true;
    return false;
  };
  std::string_view name = route(choice->primary).fallback;
  while (!name.empty()) {
    choice->missing_fallback = name;
    const std::uint32_t wanted = find_release(name);
    choice->chain_end = ChainEnd::unknown;
    if (wanted == no_route) return;
    choice->chain_end = ChainEnd::cycle;
    if (is_used(wanted)) return;
    choice->chain_end = ChainEnd::too_long;
    if (choice->n_fallbacks == choice->fallbacks.size()) return;
    const std::uint32_t next = find_full(wanted, key);
    choice->chain_end = ChainEnd::unmatched;
    if (next == no_route) return;
    choice->fallbacks[choice->n_fallbacks++] = next;
    name = route(next).fallback;
  }
  choice->chain_end = ChainEnd::complete;
  choice->missing_fallback = {};
}

RouteChoice RouteTable::choose(const RouteKey& key) const {
  RouteChoice choice;
  for (std::uint32_t i = 0; i < n_levels_; ++i) {
    const Range found = find(levels_[i], key);
    if (choice.primary == no_route) choose_primary(found, key, &choice);
    add_shadows(found, key, &choice);
  }
  if (choice.primary != no_route) add_fallbacks(key, &choice);
  return choice;
}

RouteFinding explain_route(const RouteTable& table, const RouteKey& key, const RouteChoice& choice,
                           std::uint32_t ordinal) {
  const Route& route = table.route(ordinal);
  const auto is_in = [ordinal](const auto& list, std::uint32_t n) {
    for (std::uint32_t i = 0; i < n; ++i)
      if (list[i] == ordinal) return true;
    return false;
  };
  if (ordinal == choice.primary) return {RouteVerdict::serves};
  if (is_in(choice.shadows, choice.n_shadows)) return {RouteVerdict::shadows};
  if (is_in(choice.fallbacks, choice.n_fallbacks)) return {RouteVerdict::falls_back};
  if (route.stage == Stage::offline) return {RouteVerdict::offline};
  const std::size_t dimension = first_mismatch(route, key);
  if (dimension < n_dimensions)
    return {RouteVerdict::mismatch, static_cast<std::uint8_t>(dimension)};

  const bool serves_another = choice.primary != no_route && route.stage != Stage::shadow;
  const std::uint32_t own = specificity(route);
  const std::uint32_t served = serves_another ? specificity(table.route(choice.primary)) : 0;
  if (serves_another && own < served) return {RouteVerdict::less_specific};
  if (route.stage == Stage::full)
    return {choice.is_experiment ? RouteVerdict::experiment_serves : RouteVerdict::newer_serves};
  const RouteTable::Share share = table.share(ordinal);
  if (route.stage == Stage::shadow && share.end >= 1) return {RouteVerdict::surplus_shadow};
  if (key.unit.empty()) return {RouteVerdict::needs_unit};
  const double fraction = unit_fraction(table.salt(ordinal), key.unit);
  const bool is_taken = share.begin <= fraction && fraction < share.end;
  if (!is_taken) return {RouteVerdict::other_units};
  return {route.stage == Stage::shadow ? RouteVerdict::surplus_shadow
                                       : RouteVerdict::experiment_serves};
}

}  // namespace guardrank
