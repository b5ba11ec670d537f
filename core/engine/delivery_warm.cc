// Before traffic shifts: a release's next version is loaded while what serves goes on, tried by the
// host, and only then takes its place. And what the publisher pinned stays in memory.
#include "core/engine/delivery.h"

namespace guardrank {
namespace {

bool have_same_artifacts(const Route& a, const Route& b) {
  return a.model == b.model && a.policy == b.policy && a.catalog == b.catalog;
}

// Of the host itself: what it called wrongly, or a fault of its own. It says nothing about the version.
bool is_of_host(Status status) {
  return status == Status::internal || (status != Status::ok && status < Status::json);
}

bool is_serving(const Route& route) { return route.stage > Stage::shadow; }

// The route that had a route's place in the version before, and served there; null: none.
const Route* find_before(const Release& release, const Route& route) {
  for (const Route& before : release.routes) {
    bool is_it = is_serving(before) && before.arm == route.arm;
    for (std::size_t i = 0; i < n_dimensions; ++i)
      is_it = is_it && dimension_of(before, i) == dimension_of(route, i);
    if (is_it) return &before;
  }
  return nullptr;
}

}  // namespace

bool Delivery::is_here(const Route& route, Tier tier) const {
  for (const Sha256Digest* id : {&route.model, &route.policy, &route.catalog})
    if (!(tier == Tier::disk ? store_.is_at_hand(*id) : store_.is_in_memory(*id))) return false;
  return true;
}

// In memory or on disk, of what serves in it.
bool Delivery::is_any_here(const Release& release) const {
  for (const Route& route : release.routes)
    if (route.stage != Stage::offline && is_here(route, Tier::disk)) return true;
  return false;
}

// Whether what serves now is where this tier would have it: then its next version shall be, too.
bool Delivery::is_near(const Entry& entry, Tier tier) const {
  if (!entry.is_known) return false;
  for (const Route& route : entry.current().release.routes)
    if (route.stage != Stage::offline && is_here(route, tier)) return true;
  return false;
}

// Who serves now, of whichever release, those that this route is for; null: nobody.
const Route* Delivery::server_of(const Route& route, std::int64_t now_micros) const {
  if (routes() == nullptr) return nullptr;
  const std::uint32_t ordinal =
      routes()->choose({route.product, route.market, route.segment, route.partner, route.surface, {}}).primary;
  if (ordinal == no_route) return nullptr;
  const Place place = place_of(ordinal);
  return entries_[place.entry]->current().expires > now_micros ? route_at(place) : nullptr;
}

// Near are a release that is, and a route that takes traffic over from what is: one that has just been
// promoted, when nobody here has had its release yet.
bool Delivery::wants_warm(const Entry& entry, const Route& route, std::int64_t now_micros) const {
  if (is_near(entry, route.tier)) return true;
  const Route* before = entry.is_known ? find_before(entry.current().release, route) : nullptr;
  const bool is_same = before != nullptr && before->stage == route.stage &&
                       before->traffic_weight == route.traffic_weight;
  if (is_same || !is_serving(route)) return false;
  const Route* server = server_of(route, now_micros);
  return server != nullptr && is_here(*server, route.tier);
}

// Whether someone goes without while the next version is on its way: what served them is gone.
bool Delivery::is_missed(const Entry& entry, std::int64_t now_micros) const {
  const Release& next = entry.next().release;
  for (const Warm& warm : entry.warm) {
    if (warm.step == WarmStep::none || !is_serving(next.routes[warm.route])) continue;
    const Route& route = next.routes[warm.route];
    const bool has_own = entry.is_known && find_before(entry.current().release, route) != nullptr;
    if (!has_own && server_of(route, now_micros) == nullptr) return true;
  }
  return false;
}

// Pinned routes, of a release that serves; others, unless `is_pinned`, that are near now.
std::uint32_t Delivery::choose_warm(const Entry& entry, const Release& release, bool is_pinned,
                                    std::int64_t now_micros, Warm (&chosen)[most_warm]) const {
  std::uint32_t n = 0;
  for (std::uint32_t i = 0; i < release.routes.size() && n < most_warm; ++i) {
    const Route& route = release.routes[i];
    if (route.stage == Stage::offline || route.tier == Tier::origin) continue;
    const bool is_held = route.tier == Tier::pinned && entry.is_known;
    if (!is_held && (is_pinned || !wants_warm(entry, route, now_micros))) continue;
    bool is_new = true;
    for (std::uint32_t k = 0; k < n; ++k)
      is_new = is_new && !have_same_artifacts(route, release.routes[chosen[k].route]);
    if (is_new) chosen[n++] = {0, i, WarmStep::waiting};
  }
  return n;
}

void Delivery::begin_warming(Entry* entry, std::int64_t now_micros) {
  if (choose_warm(*entry, entry->next().release, false, now_micros, entry->warm) == 0) return;
  entry->is_warming = true;
  entry->warm_revision = ++last_warm_;
  ++n_warming_;
  for (Warm& warm : entry->warm)
    if (warm.step == WarmStep::waiting) want_warm(entry, &warm, now_micros);
}

// A quarter of the store's routes is left to those who ask, and one to what comes next of what is pinned.
bool Delivery::has_room() const { return store_.n_held() < options_.store.bundles - options_.store.bundles / 4; }

void Delivery::want_warm(Entry* entry, Warm* warm, std::int64_t now_micros) {
  const Text<name_most + 1> name{next_mark, entry->name.view()};
  const bool is_asked =
      has_room() && store_.want(name, warm->route, INT64_MAX, now_micros, &warm->ticket) == Status::ok;
  warm->step = is_asked ? WarmStep::waiting : WarmStep::queued;
}

// False: not now.
bool Delivery::want_pinned(Entry* entry, Warm* warm, std::int64_t now_micros) {
  if (!has_room() || n_pinned_ >= options_.store.bundles / 2 ||
      store_.want(entry->name, warm->route, INT64_MAX, now_micros, &warm->ticket) != Status::ok)
    return false;
  ++n_pinned_;
  return true;
}

void Delivery::give_up(Warm* warm) {
  store_.cancel(warm->ticket);
  *warm = {};
}

void Delivery::stop_warming(Entry* entry) {
  if (!entry->is_warming) return;
  entry->is_warming = false;
  --n_warming_;
  for (Warm& warm : entry->warm) give_up(&warm);
}

void Delivery::warm_more(std::int64_t now_micros) {
  for (Entry* entry : entries_)
    if (entry->is_warming && is_warm(entry, now_micros)) serve_warm(entry, now_micros);
}

// Also where what serves has expired or is gone, or there is no room for both: nothing is gained by waiting.
bool Delivery::is_warm(Entry* entry, std::int64_t now_micros) {
  if (entry->is_known && entry->current().expires <= now_micros) return true;
  if (is_missed(*entry, now_micros)) return true;
  bool is_all = true;
  for (Warm& warm : entry->warm) {
    if (warm.step == WarmStep::queued && has_room()) want_warm(entry, &warm, now_micros);
    if (warm.step != WarmStep::waiting || warm.ticket == 0) {
      is_all = is_all && (warm.step == WarmStep::none || warm.step == WarmStep::good);
      continue;
    }
    const Taken taken = store_.take(warm.ticket, now_micros);
    if (taken.state == TicketState::ready && !options_.tries_next) {
      warm.step = WarmStep::good;
      continue;
    }
    is_all = false;
    if (taken.state == TicketState::pending || taken.state == TicketState::ready) continue;
    if (taken.status == Status::limit || taken.status == Status::memory) return true;
    store_.cancel(warm.ticket);
    warm.ticket = 0;                           // the next look tries again
  }
  return is_all;
}

// Its artifacts stay until the routes that are pinned have tickets of their own.
void Delivery::serve_warm(Entry* entry, std::int64_t now_micros) {
  Warm warm[most_warm];
  for (std::uint32_t i = 0; i < most_warm; ++i) {
    warm[i] = entry->warm[i];
    entry->warm[i] = {};
  }
  stop_warming(entry);
  serve_new(now_micros);                       // without memory for a table the next look tries again
  for (Warm& each : warm) give_up(&each);
}

void Delivery::pin_routes(Entry* entry, std::int64_t now_micros) {
  Warm before[most_warm];
  for (std::uint32_t i = 0; i < most_warm; ++i) {
    before[i] = entry->pinned[i];
    entry->pinned[i] = {};
    if (before[i].ticket != 0) --n_pinned_;
  }
  choose_warm(*entry, entry->current().release, true, now_micros, entry->pinned);
  for (Warm& each : entry->pinned)
    if (each.step != WarmStep::none) want_pinned(entry, &each, now_micros);
  for (Warm& each : before) give_up(&each);    // not sooner: what both have stays
}

void Delivery::unpin(Entry* entry) {
  for (Warm& warm : entry->pinned) {
    if (warm.ticket != 0) --n_pinned_;
    give_up(&warm);
  }
}

// What could not be had when it was pinned.
void Delivery::pin_again(Entry* entry, std::int64_t now_micros) {
  for (Warm& warm : entry->pinned) {
    if (warm.step == WarmStep::none) continue;
    const TicketState state = store_.take(warm.ticket, now_micros).state;
    if (state == TicketState::pending || state == TicketState::ready) continue;
    if (warm.ticket != 0) --n_pinned_;
    store_.cancel(warm.ticket);
    warm.ticket = 0;
    want_pinned(entry, &warm, now_micros);
  }
}

TicketId Delivery::next_trial(std::int64_t now_micros, Delivered* out) {
  *out = {};
  for (Entry* entry : entries_) {
    if (n_warming_ == 0 || !options_.tries_next) return 0;
    if (!entry->is_warming) continue;
    for (Warm& warm : entry->warm) {
      if (warm.step != WarmStep::waiting || warm.ticket == 0) continue;
      const Taken taken = store_.take(warm.ticket, now_micros);
      if (taken.state != TicketState::ready) continue;
      warm.step = WarmStep::given;
      out->state = taken.state;
      out->release = entry->name;
      out->model = taken.model;
      out->policy = taken.policy;
      out->catalog = taken.catalog;
      out->release_bytes = entry->next().bytes;
      tell_route(entry->next().release, warm.route, out);
      return warm.ticket | trial_mark;
    }
  }
  return 0;
}

// The route is refused, and not the whole release: its others may be good. What is no fault of its artifacts
// (too little memory now) is tried again by the next who asks.
void Delivery::could_not_open(TicketId id, Status status) {
  const std::uint32_t index = find_ticket(id);
  if (index == no_slot || !tickets_[index].was_ready || status == Status::ok) return;
  Ticket& ticket = tickets_[index];
  ticket.refused = status;
  ticket.was_ready = false;                    // so `take` goes on to the next of the chain
  const Document* document = document_at(ticket.chain[ticket.at]);
  if (document == nullptr || status >= Status::network) return;
  document->refused[ticket.chain[ticket.at].route] = status;
  status_ = status;
  told_.set(status, document->release.name, {"it could not be opened"});
}

void Delivery::tried(TicketId trial, Status status, std::int64_t now_micros) {
  if ((trial & trial_mark) == 0) return could_not_open(trial, status);
  trial -= trial_mark;
  for (Entry* entry : entries_)
    for (Warm& warm : entry->warm) {
      if (warm.step != WarmStep::given || warm.ticket != trial) continue;
      if (is_of_host(status)) {
        warm.step = WarmStep::spared;
        status_ = status;
        told_.set(status, entry->name, {"its next version could not be tried, which the next look asks for again"});
        return;
      }
      warm.step = WarmStep::good;
      const bool is_good = status == Status::ok || status == Status::memory || status == Status::limit;
      if (is_good) return warm_more(now_micros);
      entry->refused = entry->next().hash;
      stop_warming(entry);
      entry->has_new = false;
      entry->status = status_ = status;
      told_.set(status, entry->name, {"its next version failed its trial and does not serve"});
      return;
    }
}

}  // namespace guardrank
