// Tickets of a store: lists, deadlines, what a holder gets.
#include "core/base/slice.h"
#include "core/store/blob_key.h"
#include "core/store/store.h"

namespace guardrank {

std::uint32_t Store::find_ticket(TicketId id) const {
  const std::uint32_t slot = place_of(id);
  if (!tickets_.has(slot) || tickets_[slot].step == TicketStep::free ||
      tickets_[slot].serial != id >> slot_bits)
    return no_slot;
  return slot;
}

void Store::list_push(TicketList* list, std::uint32_t ticket) {
  tickets_[ticket].before = list->tail;
  tickets_[ticket].after = no_slot;
  (list->tail == no_slot ? list->head : tickets_[list->tail].after) = ticket;
  list->tail = ticket;
}

void Store::list_drop(TicketList* list, std::uint32_t ticket) {
  const Ticket& gone = tickets_[ticket];
  (gone.before == no_slot ? list->head : tickets_[gone.before].after) = gone.after;
  (gone.after == no_slot ? list->tail : tickets_[gone.after].before) = gone.before;
}

Status Store::want(std::string_view release, std::uint32_t route, std::int64_t deadline_micros,
                   std::int64_t now_micros, TicketId* ticket) {
  *ticket = 0;
  const bool is_one = !release.empty() && release.size() <= name_most && route != shard_route;
  if (!is_one) return Status::argument;
  if (tickets_.is_full()) return Status::limit;
  FoundRelease found;
  const FoundState state = source_.find(source_.user, release, now_micros, &found);
  const std::uint64_t revision = state == FoundState::ready ? found.revision : 0;
  std::uint32_t bundle = find_bundle(release, route, revision);
  if (bundle == no_slot) bundle = place_bundle(release, route);
  if (bundle == no_slot) return Status::limit;
  Bundle& of = bundles_[bundle];
  if (of.step <= BundleStep::idle) of.wanted = revision;
  if (revision != 0 && of.revision == revision) of.expires = found.expires_micros;
  *ticket = open_ticket(bundle, deadline_micros, now_micros);
  return Status::ok;
}

Status Store::want_shard(const Sha256Digest& hash, std::uint64_t bytes, std::int64_t deadline_micros,
                         std::int64_t now_micros, TicketId* ticket) {
  *ticket = 0;
  if (bytes == 0 || bytes > limits::shard_bytes) return Status::argument;
  if (tickets_.is_full()) return Status::limit;
  char key[blob_key_size];
  write_blob_key(hash, key);
  const std::string_view name = slice({key, blob_key_size}, blob_folder_size);
  std::uint32_t bundle = find_bundle(name, shard_route, 0);
  if (bundle == no_slot) bundle = place_bundle(name, shard_route);
  if (bundle == no_slot) return Status::limit;
  Bundle& of = bundles_[bundle];
  if (of.step <= BundleStep::idle) {
    of.expires = INT64_MAX;
    of.parts[0] = {};
    of.parts[0].id = hash;
    of.parts[0].bytes = bytes;
    of.parts[0].is_shard = true;
  }
  *ticket = open_ticket(bundle, deadline_micros, now_micros);
  return Status::ok;
}

TicketId Store::open_ticket(std::uint32_t bundle, std::int64_t deadline_micros,
                            std::int64_t now_micros) {
  const std::uint32_t slot = tickets_.take();
  Ticket& made = tickets_[slot];
  made.serial = ++last_serial_;
  made.bundle = bundle;
  made.step = TicketStep::waiting;
  Bundle& of = bundles_[bundle];
  of.last_used = ++n_uses_;
  if (of.n_tickets++ == 0) ++n_held_;
  ++of.n_waiting;
  list_push(&of.waiting, slot);
  if (deadline_micros != INT64_MAX) deadlines_.set(slot, deadline_micros);
  start(bundle, now_micros);
  return made.serial << slot_bits | slot;
}

void Store::list_ended(std::uint32_t ticket, TicketList* list) {
  tickets_[ticket].listed = list;
  list_push(list, ticket);
}

// A waiting ticket ends; it stays until it is cancelled.
void Store::end_ticket(std::uint32_t slot, Status status) {
  Ticket& ticket = tickets_[slot];
  Bundle& bundle = bundles_[ticket.bundle];
  deadlines_.clear(slot);
  list_drop(&bundle.waiting, slot);
  --bundle.n_waiting;
  ticket.status = status;
  ticket.step = status == Status::ok ? TicketStep::ready : TicketStep::ended;
  if (status == Status::ok) ++bundle.n_ready;
  list_ended(slot, status == Status::ok ? &ended_ : &failed_);
}

TicketId Store::name_first(TicketList* list) {
  const std::uint32_t slot = list->head;
  if (slot == no_slot) return 0;
  list_drop(list, slot);
  tickets_[slot].listed = nullptr;
  return tickets_[slot].serial << slot_bits | slot;
}

TicketId Store::next_ended(std::int64_t now_micros) {
  tick(now_micros);
  return name_first(ended_.head == no_slot ? &failed_ : &ended_);
}

TicketId Store::next_failed(std::int64_t now_micros) {
  tick(now_micros);
  return name_first(&failed_);
}

void Store::name_again(TicketId id) {
  const std::uint32_t slot = find_ticket(id);
  if (slot != no_slot && tickets_[slot].step > TicketStep::waiting && tickets_[slot].listed == nullptr)
    list_ended(slot, &ended_);
}

void Store::cancel(TicketId id) {
  const std::uint32_t slot = find_ticket(id);
  if (slot == no_slot) return;
  Ticket& ticket = tickets_[slot];
  const std::uint32_t bundle = ticket.bundle;
  Bundle& of = bundles_[bundle];
  if (ticket.step == TicketStep::waiting) {
    deadlines_.clear(slot);
    list_drop(&of.waiting, slot);
    --of.n_waiting;
  } else {
    if (ticket.listed != nullptr) list_drop(ticket.listed, slot);
    if (ticket.step == TicketStep::ready) --of.n_ready;
  }
  ticket.step = TicketStep::free;
  tickets_.give_back(slot);
  if (--of.n_tickets == 0) --n_held_;
  maybe_idle(bundle);
}

Taken Store::take(TicketId id, std::int64_t now_micros) {
  tick(now_micros);
  const std::uint32_t slot = find_ticket(id);
  return slot == no_slot ? Taken{} : taken(tickets_[slot], now_micros);
}

// What a ticket holds may have been vouched for anew since.
void Store::prolong(Bundle* bundle, std::int64_t now_micros) {
  FoundRelease found;
  const FoundState state = source_.find(source_.user, bundle->release, now_micros, &found);
  if (state == FoundState::ready && found.revision == bundle->revision)
    bundle->expires = found.expires_micros;
}

Taken Store::taken(const Ticket& ticket, std::int64_t now_micros) {
  Bundle& bundle = bundles_[ticket.bundle];
  Taken taken;
  if (ticket.step == TicketStep::waiting) {
    taken.state = TicketState::pending;
    return taken;
  }
  if (ticket.step == TicketStep::ready && bundle.expires <= now_micros) prolong(&bundle, now_micros);
  taken.status = ticket.status;
  if (ticket.step == TicketStep::ready && bundle.expires <= now_micros)
    taken.status = Status::expired;
  if (taken.status == Status::ok) {
    taken.state = TicketState::ready;
    const bool is_shard = bundle.route == shard_route;
    Bytes* const views[n_parts] = {is_shard ? &taken.shard : &taken.model, &taken.policy,
                                   &taken.catalog};
    std::uint32_t i = 0;
    for (const Part& part : parts_of(&bundle))
      *views[i++] = {blobs_[part.slot].memory, blobs_[part.slot].size};
    return taken;
  }
  taken.trouble = bundle.trouble;
  taken.fallback = bundle.fallback.view().empty() ? options_.fallback : bundle.fallback.view();
  taken.state = taken.fallback.empty() ? TicketState::failed : TicketState::fallback;
  return taken;
}

}  // namespace guardrank
