#include "core/engine/delivery.h"

#include <algorithm>
#include <new>

#include "core/base/math.h"

namespace guardrank {
namespace {

// Needs carry the machine that asked in their ids.
constexpr std::uint64_t n_sources = 4;

constexpr std::int64_t longest_wait = std::int64_t{365} * 86'400 * 1'000'000;
// Of the store's, by the number of releases: a kilobyte each.
constexpr std::uint32_t most_bundles = 1u << 15;
// A host's clock may be set back by so much without another look.
constexpr std::int64_t clock_slack = 60'000'000;

}  // namespace

Delivery::Delivery(const Allocator& allocator)
    : allocator_(allocator), metadata_(allocator, {}), store_(allocator) {}

Status Delivery::open(const DeliveryOptions& options, std::int64_t now_micros, Error* error) {
  arena_.open(allocator_, SIZE_MAX / 2);
  for (Arena& memory : table_memory_) memory.open(allocator_, SIZE_MAX / 2);
  if (options.check_micros <= 0 || options.retry_micros <= 0)
    return error->set(Status::argument, "options", {"waits between looks must be above 0"});
  options_ = options;
  options_.check_micros = std::min(options.check_micros, longest_wait);
  options_.retry_micros = std::min(options.retry_micros, longest_wait);
  GUARDRANK_TRY(open_entries(options, error));
  std::span<std::uint8_t> root;
  if (arena_.make_uninitialised(options.trusted_root.size(), &root) != Status::ok ||
      open_tickets(options.store.tickets) != Status::ok) {
    return error->no_memory("store");
  }
  std::copy(options.trusted_root.begin(), options.trusted_root.end(), root.begin());
  metadata_.trust(root);
  StoreOptions store = options.store;
  // What serves and what will, of each release, beside what is asked for at any time.
  const std::size_t n_releases = std::min<std::size_t>(options.releases.size(), most_bundles / 2);
  store.bundles = std::max(store.bundles, std::min<std::uint32_t>(
      most_bundles, store.bundles + 2 * static_cast<std::uint32_t>(n_releases)));
  options_.store.bundles = store.bundles;
  // One to spare: a fallback's is had before the other is given up.
  if (store.tickets != 0 && store.tickets < most_store_tickets) ++store.tickets;
  const Status status = store_.open(store, {this, &find_release});
  if (status == Status::argument) return error->set(status, "options", {"a figure is out of range"});
  if (status != Status::ok) return error->set(status, "store", {"no memory for its tables"});
  begin_look(RefreshKind::cached, now_micros);
  return Status::ok;
}

Status Delivery::open_entries(const DeliveryOptions& options, Error* error) {
  const std::span<const std::string_view> names = options.releases;
  if (names.empty()) return error->set(Status::argument, "releases", {"none is named"});
  if (arena_.make(names.size(), &entries_) != Status::ok || arena_.make(names.size(), &names_) != Status::ok ||
      arena_.make(names.size(), &known_entries_) != Status::ok) {
    return error->no_memory("releases");
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    const Text<64> where{"releases[", i, "]"};
    if (!is_safe_target_path(names[i]) || names[i].size() > name_most) {
      return error->set(Status::argument, where, {"is no name of a release"});
    }
    void* memory = arena_.allocate(sizeof(Entry), alignof(Entry));
    if (memory == nullptr) return error->no_memory(where);
    entries_[i] = ::new (memory) Entry();
    entries_[i]->name.append({names[i]});
    names_[i] = entries_[i]->name;
    for (Document& side : entries_[i]->documents) side.memory.open(allocator_, SIZE_MAX / 2);
  }
  Status status = by_name_.open(names_, options.store.seed, &arena_);
  if (status != Status::ok) return error->set(status, "releases", {"their names cannot be listed"});
  for (std::size_t i = 0; i < names.size(); ++i)
    if (by_name_.find(names[i]) != i)
      return error->set(Status::duplicate, Text<64>{"releases[", i, "]"}, {"it is named twice"});
  return Status::ok;
}

Delivery::~Delivery() {
  for (Entry* entry : entries_) {
    if (entry != nullptr) entry->~Entry();     // an arena runs no destructors
  }
}

Status Delivery::open_tickets(std::uint32_t n) {
  GUARDRANK_TRY(tickets_.open(n, &arena_));
  return arena_.make(std::size_t{n} + 1, &owners_);
}

bool Delivery::give(Source source, Need* need) {
  need->id = need->id * n_sources + static_cast<std::uint64_t>(source);
  return true;
}

bool Delivery::next(std::int64_t now_micros, Need* need) {
  if (n_warming_ != 0) warm_more(now_micros);
  end_failed(now_micros);
  const bool is_due = now_micros >= look_at_ || now_micros < looked_at_ - clock_slack;
  if (step_ == Step::idle && is_due) begin_look(RefreshKind::check, now_micros);
  *need = {};
  if (next_own(need)) return give(Source::own, need);
  if (metadata_.is_busy() && metadata_.next(need)) return give(Source::metadata, need);
  *need = {};
  if (store_.next(now_micros, need)) return give(Source::store, need);
  return next_wake(need) && give(Source::own, need);
}

bool Delivery::next_own(Need* need) {
  for (Lookup& lookup : lookups_) {
    if (lookup.step == LookupStep::wait && store_.knows_disk()) read_before(&lookup);
    if (lookup.step <= LookupStep::wait || lookup.is_asked) continue;
    lookup.is_asked = true;
    *need = lookup.need;
    return true;
  }
  return false;
}

bool Delivery::next_wake(Need* need) {
  if (step_ != Step::idle || (wake_need_ != 0 && wake_at_ <= look_at_)) return false;
  *need = {};
  wake_need_ = need->id = ++last_id_;
  wake_at_ = need->at_micros = look_at_;
  need->kind = NeedKind::wake;
  return true;
}

void Delivery::provide(const Answer& answer, std::int64_t now_micros) {
  Answer inner = answer;
  inner.id = answer.id / n_sources;
  switch (static_cast<Source>(answer.id % n_sources)) {
    case Source::metadata:
      metadata_.provide(inner);
      if (!metadata_.is_busy()) metadata_ended(now_micros);
      break;
    case Source::store:
      store_.provide(inner, now_micros);
      break;
    case Source::own:
      if (inner.id == wake_need_) wake_need_ = 0;
      else have_document(inner, now_micros);
      break;
  }
}

bool Delivery::is_wanted(std::uint64_t need_id) const {
  const std::uint64_t inner = need_id / n_sources;
  if (static_cast<Source>(need_id % n_sources) == Source::store) return store_.is_wanted(inner);
  return true;                                 // the others end in their own time
}

Delivery::Place Delivery::place_of(std::uint32_t ordinal) const {
  const RouteTable& table = tables_[table_];
  const std::uint32_t release = table.release_index(ordinal);
  std::uint32_t first = ordinal;
  while (first > 0 && table.release_index(first - 1) == release) --first;
  return {known_entries_[release], ordinal - first, entries_[known_entries_[release]]->current().revision};
}

Status Delivery::choose(const RouteKey& key, RouteChoice* choice, Error* error) const {
  if (routes() == nullptr) return error->set(Status::missing, "releases", {"none is known yet"});
  *choice = routes()->choose(key);
  return Status::ok;
}

Status Delivery::want(const RouteKey& key, std::int64_t deadline_micros, std::int64_t now_micros,
                      TicketId* ticket, Error* error) {
  RouteChoice choice;
  GUARDRANK_TRY(choose(key, &choice, error));
  if (choice.primary == no_route)
    return error->set(Status::missing, "route", {"no release serves such a request"});
  return want_choice(choice, &key, deadline_micros, now_micros, ticket, error);
}

Status Delivery::want_shadow(const RouteKey& key, std::uint32_t index, std::int64_t deadline_micros,
                             std::int64_t now_micros, TicketId* ticket, Error* error) {
  RouteChoice choice;
  GUARDRANK_TRY(choose(key, &choice, error));
  if (index >= choice.n_shadows)
    return error->set(Status::missing, "shadow", {"the request has ", choice.n_shadows, " of them"});
  choice.primary = choice.shadows[index];
  choice.n_fallbacks = 0;
  return want_choice(choice, nullptr, deadline_micros, now_micros, ticket, error);
}

// `key`: of the request; null: a shadow's, for which nothing falls back.
Status Delivery::want_choice(const RouteChoice& choice, const RouteKey* key, std::int64_t deadline_micros,
                             std::int64_t now_micros, TicketId* ticket, Error* error) {
  if (tickets_.is_full()) return error->set(Status::limit, "tickets", {"all are in use"});
  const Place primary = place_of(choice.primary);
  TicketId inner = 0;
  const Status status = want_place(primary, deadline_micros, now_micros, &inner);
  if (status != Status::ok) return error->set(status, "tickets", {"the store has no room for more"});
  Ticket& made = open_ticket(1 + choice.n_fallbacks, inner, ticket);
  made.chain[0] = primary;
  for (std::uint32_t i = 0; i < choice.n_fallbacks; ++i)
    made.chain[i + 1] = place_of(choice.fallbacks[i]);
  made.deadline = deadline_micros;
  made.is_shadow = key == nullptr;
  const bool may_fall = made.n_chain > 1 || (!made.is_shadow && entries_[primary.entry]->has_before());
  if (!may_fall || store_.take(inner, now_micros).state == TicketState::ready) return Status::ok;
  add_predecessor(&made, key);
  read_ahead(made, now_micros);
  return Status::ok;
}

Status Delivery::want_shard(const Sha256Digest& hash, std::uint64_t bytes,
                            std::int64_t deadline_micros, std::int64_t now_micros, TicketId* ticket,
                            Error* error) {
  if (tickets_.is_full()) return error->set(Status::limit, "tickets", {"all are in use"});
  TicketId inner = 0;
  const Status status = store_.want_shard(hash, bytes, deadline_micros, now_micros, &inner);
  if (status == Status::argument)
    return error->wanted(status, "shard", {"1 to ", limits::shard_bytes, " bytes"}, {bytes});
  if (status != Status::ok) return error->set(status, "tickets", {"the store has no room for more"});
  open_ticket(0, inner, ticket);
  return Status::ok;
}

// A free one, for a ticket of the store's.
Delivery::Ticket& Delivery::open_ticket(std::uint32_t n_chain, TicketId inner, TicketId* ticket) {
  const std::uint32_t index = tickets_.take();
  Ticket& made = tickets_[index];
  owners_[Store::place_of(inner)] = index;
  made.n_chain = n_chain;
  made.inner = inner;
  made.is_open = true;
  made.serial = ++last_serial_;
  *ticket = id_of(index);
  return made;
}

std::uint32_t Delivery::find_ticket(TicketId id) const {
  if (tickets_.capacity() == 0) return no_slot;
  const auto index = static_cast<std::uint32_t>(id % tickets_.capacity());
  if (!tickets_.has(index)) return no_slot;
  const Ticket& ticket = tickets_[index];
  return ticket.is_open && ticket.serial == id / tickets_.capacity() ? index : no_slot;
}

Delivered Delivery::take(TicketId id, std::int64_t now_micros) {
  Delivered out;
  const std::uint32_t index = find_ticket(id);
  if (index == no_slot) return out;
  Ticket& ticket = tickets_[index];
  Taken taken = take_inner(&ticket, now_micros);
  if (ticket.n_chain == 0) {
    out.state = taken.state == TicketState::fallback ? TicketState::failed : taken.state;
    out.status = taken.status;
    out.trouble = taken.trouble;
    out.shard = taken.shard;
    return out;
  }
  while (taken.state == TicketState::fallback || taken.state == TicketState::failed) {
    if (ticket.at == 0) ticket.primary_status = taken.status;
    // What was handed out stays as it is until the ticket is cancelled.
    ticket.has_ended = ticket.has_ended || ticket.was_ready || !fall_back(&ticket, now_micros);
    if (ticket.has_ended) break;               // asked again, it says the same
    taken = take_inner(&ticket, now_micros);
  }
  ticket.was_ready = ticket.was_ready || taken.state == TicketState::ready;
  out.state = taken.state == TicketState::fallback ? TicketState::failed : taken.state;
  out.is_fallback = ticket.at != 0 && out.state == TicketState::ready;
  out.status = out.state == TicketState::pending ? Status::ok : ticket.primary_status;
  const Place& served = ticket.chain[out.state == TicketState::ready ? ticket.at : 0];
  out.release = entries_[served.entry]->name;
  if (out.status != Status::ok)
    out.trouble = store_.trouble(entries_[ticket.chain[0].entry]->name, ticket.chain[0].route);
  out.model = taken.model;
  out.policy = taken.policy;
  out.catalog = taken.catalog;
  if (out.state == TicketState::ready) take_release(ticket, &out);
  return out;
}

// What could not be opened has failed at once, also for those who wait for it beside the one that tried.
Taken Delivery::take_inner(Ticket* ticket, std::int64_t now_micros) {
  Taken taken = store_.take(ticket->inner, now_micros);
  if (ticket->n_chain == 0 || ticket->was_ready) return taken;
  const Document* document = document_at(ticket->chain[ticket->at]);
  if (ticket->refused == Status::ok && document != nullptr)
    ticket->refused = document->refused[ticket->chain[ticket->at].route];
  if (ticket->refused == Status::ok) return taken;
  taken = {};
  taken.state = TicketState::failed;
  taken.status = ticket->refused;
  return taken;
}

// The document that was chosen: it names what was fetched. null: its release has changed too often since.
const Delivery::Document* Delivery::document_at(const Place& place) const {
  for (const Document& document : entries_[place.entry]->documents)
    if (document.revision == place.revision) return &document;
  return nullptr;
}

const Route* Delivery::route_at(const Place& place) const {
  const Document* document = document_at(place);
  return document == nullptr ? nullptr : &document->release.routes[place.route];
}

void Delivery::take_release(const Ticket& ticket, Delivered* out) const {
  if (const Document* document = document_at(ticket.chain[ticket.at]); document != nullptr) {
    out->release_bytes = document->bytes;
    tell_route(document->release, ticket.chain[ticket.at].route, out);
    if (ticket.at != 0) out->instead_of = entries_[ticket.chain[0].entry]->name;
    return;
  }
  out->state = TicketState::failed;            // changed twice since: to be asked for again
  out->status = Status::expired;
  out->model = out->policy = out->catalog = {};
}

void Delivery::tell_route(const Release& release, std::uint32_t index, Delivered* out) const {
  const Route& route = release.routes[index];
  out->stage = stage_name(route.stage);
  out->arm = route.arm;
}

void Delivery::cancel(TicketId id) {
  const std::uint32_t index = find_ticket(id);
  if (index == no_slot) return;
  store_.cancel(tickets_[index].inner);
  tickets_[index].is_open = false;
  tickets_.give_back(index);
}

TicketId Delivery::next_ended(std::int64_t now_micros) {
  end_failed(now_micros);
  for (TicketId inner = store_.next_ended(now_micros); inner != 0;
       inner = store_.next_ended(now_micros)) {
    const std::uint32_t i = owners_[Store::place_of(inner)];
    if (is_owner(i, inner)) return id_of(i);
  }
  return 0;
}

}  // namespace guardrank
