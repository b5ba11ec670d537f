// What serves when a release's own artifacts are not there in time: what served in it before, then the
// releases that its route names.
#include <algorithm>

#include "core/base/math.h"
#include "core/engine/delivery.h"
#include "core/route/route_match.h"

namespace guardrank {

// The store's ticket for a place. Status::missing: its release has changed since it was chosen.
Status Delivery::want_place(const Place& place, std::int64_t deadline_micros, std::int64_t now_micros,
                            TicketId* ticket) {
  const Entry& entry = *entries_[place.entry];
  const bool is_before = place.revision == entry.before().revision;
  if (!is_before && place.revision != entry.current().revision) return Status::missing;
  const Text<name_most + 2> name{is_before ? before_mark : std::string_view{}, entry.name.view()};
  return store_.want(name, place.route, deadline_micros, now_micros, ticket);
}

// Which of its routes would have served such a request and is at hand: the most specific; of several the
// route's own arm, then the full one.
std::uint32_t Delivery::find_predecessor(const Release& before, const Route& route, const RouteKey& key) const {
  std::uint32_t found = no_route, best = 0;
  for (std::uint32_t i = 0; i < before.routes.size(); ++i) {
    const Route& candidate = before.routes[i];
    const bool is_own = candidate.stage > Stage::shadow && candidate.arm == route.arm;
    if (!is_own && candidate.stage != Stage::full) continue;
    const std::uint32_t rank = 2 * specificity(candidate) + (is_own ? 1 : 0);
    if (found != no_route && rank <= best) continue;
    if (first_mismatch(candidate, key) != n_dimensions || !is_here(candidate, Tier::disk)) continue;
    found = i;
    best = rank;
  }
  return found;
}

// Behind where the ticket stands in its chain. `key`: of the request; null: as its route names it.
void Delivery::add_predecessor(Ticket* ticket, const RouteKey* key) const {
  if (ticket->is_shadow || ticket->n_chain == 0) return;
  const Place place = ticket->chain[ticket->at];
  const Entry& entry = *entries_[place.entry];
  const std::uint32_t next = ticket->at + 1;
  const bool is_there = next < ticket->n_chain && ticket->chain[next].entry == place.entry;
  if (is_there || !entry.has_before() || place.revision != entry.current().revision) return;
  const Route& route = entry.current().release.routes[place.route];
  const RouteKey own{route.product, route.market, route.segment, route.partner, route.surface, {}};
  const std::uint32_t found = find_predecessor(entry.before().release, route, key == nullptr ? own : *key);
  if (found == no_route) return;
  std::copy_backward(ticket->chain + next, ticket->chain + ticket->n_chain, ticket->chain + ticket->n_chain + 1);
  ticket->chain[next] = {place.entry, found, entry.before().revision};
  ++ticket->n_chain;
}

// The first fallback at hand is read into memory, for the next who asks at the latest: what a ticket's
// deadline has cut short is read to its end.
void Delivery::read_ahead(const Ticket& ticket, std::int64_t now_micros) {
  for (std::uint32_t i = 1; i < ticket.n_chain; ++i) {
    const Route* route = route_at(ticket.chain[i]);
    if (route == nullptr || !is_here(*route, Tier::disk)) continue;
    if (is_here(*route, Tier::warm)) return;
    TicketId reading = 0;
    want_place(ticket.chain[i], now_micros, now_micros, &reading);
    store_.take(reading, now_micros);
    return store_.cancel(reading);
  }
}

// On to the next of the chain that is ready, or may be in what is left of the deadline; for a read from
// disk a little later. Routes are named by their places, which hold as long as their release does not change.
bool Delivery::fall_back(Ticket* ticket, std::int64_t now_micros) {
  for (;;) {
    add_predecessor(ticket, nullptr);
    if (ticket->at + 1 >= ticket->n_chain) return false;
    const Place place = ticket->chain[ticket->at + 1];
    const Route* route = route_at(place);
    if (route == nullptr) return false;
    std::int64_t read_until = 0;
    if (!ticket->is_prolonged && is_here(*route, Tier::disk) &&
        add_checked(now_micros, options_.read_micros, &read_until)) {
      ticket->deadline = std::max(ticket->deadline, read_until);
      ticket->is_prolonged = true;
    }
    TicketId next = 0;
    if (want_place(place, std::max(ticket->deadline, now_micros), now_micros, &next) != Status::ok) return false;
    store_.cancel(ticket->inner);
    ticket->inner = next;
    owners_[Store::place_of(next)] = tickets_.place(ticket);
    ++ticket->at;
    ticket->refused = Status::ok;
    const TicketState state = store_.take(next, now_micros).state;
    if (state == TicketState::ready || state == TicketState::pending) return true;
  }
}

// Tickets whose release failed them fall back, whether or not someone asks how they stand; those that
// have nothing to fall back to have ended.
void Delivery::end_failed(std::int64_t now_micros) {
  for (TicketId inner = store_.next_failed(now_micros); inner != 0;
       inner = store_.next_failed(now_micros)) {
    const std::uint32_t i = owners_[Store::place_of(inner)];
    if (is_owner(i, inner) && take(id_of(i), now_micros).state == TicketState::failed &&
        is_owner(i, inner))
      store_.name_again(inner);
  }
}

}  // namespace guardrank
