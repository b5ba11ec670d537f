// Following the releases' documents in the signed metadata: a look begins with a refresh, then finds
// each release, reads or fetches what changed, and at its end puts all that is new in the old's place.
#include <algorithm>

#include "core/base/limits.h"
#include "core/engine/delivery.h"

namespace guardrank {

void Delivery::begin_look(RefreshKind kind, std::int64_t now_micros) {
  step_ = Step::refresh;
  kind_ = kind;
  error_.clear();
  look_status_ = metadata_.refresh(kind, now_micros, &error_);
  if (look_status_ != Status::ok) return end_look(now_micros);
  if (!metadata_.is_busy()) metadata_ended(now_micros);
}

void Delivery::metadata_ended(std::int64_t now_micros) {
  if (step_ == Step::find) {
    find_ended(now_micros);
    return next_release(now_micros);
  }
  if (step_ != Step::refresh) return;
  look_status_ = metadata_.status();
  if (look_status_ != Status::ok) error_ = metadata_.error();
  // What was trusted before still is: a release may be found although the origin is away.
  if (metadata_.is_ready()) return look_for_releases(now_micros);
  end_look(now_micros);
}

void Delivery::look_for_releases(std::int64_t now_micros) {
  current_ = 0;
  step_ = Step::find;
  next_release(now_micros);
}

Delivery::Lookup* Delivery::free_lookup() {
  for (Lookup& lookup : lookups_)
    if (lookup.step == LookupStep::none) return &lookup;
  return nullptr;
}

// Found one after another, in a loop: that may end at once, and there may be many. Their documents come
// some at a time.
void Delivery::next_release(std::int64_t now_micros) {
  if (is_stepping_) return;
  is_stepping_ = true;
  while (step_ == Step::find && !metadata_.is_busy()) {
    if (current_ == entries_.size()) {
      const auto is_done = [](const Lookup& lookup) { return lookup.step == LookupStep::none; };
      if (std::all_of(lookups_, lookups_ + n_lookups, is_done)) end_look(now_micros);
      break;
    }
    if (free_lookup() == nullptr) break;
    const Text<name_most + 8> path{entries_[current_]->name.view(), ".release"};
    const Status status = metadata_.find(path, now_micros, &error_);
    if (status != Status::ok) tell_release(current_++, status);
    else if (!metadata_.is_busy()) find_ended(now_micros);
  }
  is_stepping_ = false;
}

void Delivery::find_ended(std::int64_t now_micros) {
  const std::uint32_t current = current_++;
  if (metadata_.status() == Status::ok) {
    Lookup* const lookup = free_lookup();
    *lookup = {};
    lookup->entry = current;
    return found_release(lookup, now_micros);
  }
  error_ = metadata_.error();
  if (metadata_.status() == Status::missing) {       // signed: it is not there any more
    Entry& gone = *entries_[current];
    for (Document& document : gone.documents) document.expires = withdrawn;
    stop_warming(&gone);
    unpin(&gone);
    gone.has_new = false;
  }
  tell_release(current, metadata_.status());
}

Status Delivery::take_target(Lookup* lookup) {
  const TargetFacts& target = metadata_.target();
  lookup->facts = target.facts;
  lookup->expires = target.expires_micros;
  lookup->predecessors = target.predecessors;
  lookup->key.assign({"targets/", hash_text(target.facts.hash_view()).view()});
  lookup->address.assign({target.address});
  if (target.facts.hash_bytes != sizeof(Sha256Digest))
    return error_.set(Status::hash, target.path, {"its SHA-256 is not said"});
  if (target.facts.length > std::int64_t{limits::release_bytes})
    return error_.set(Status::limit, target.path, {"it is too long for a release"});
  return Status::ok;
}

void Delivery::found_release(Lookup* lookup, std::int64_t now_micros) {
  Entry& entry = *entries_[lookup->entry];
  const bool is_back = entry.is_withdrawn();
  const Status status = take_target(lookup);
  if (status != Status::ok) return end_release(lookup, status, now_micros);
  keep_vouched(*lookup);
  if (is_back && !entry.is_withdrawn()) pin_routes(&entry, now_micros);
  const std::span<const std::uint8_t> wanted = lookup->facts.hash_view();
  if (entry.is_known && std::equal(wanted.begin(), wanted.end(), entry.current().hash.begin()))
    return found_known(lookup, is_back, now_micros);
  if (entry.is_warming && std::equal(wanted.begin(), wanted.end(), entry.next().hash.begin())) {
    entry.next().expires = lookup->expires;
    for (Warm& warm : entry.warm) {                  // another try of what could not be had, or not be tried
      if (warm.step == WarmStep::spared) warm.step = WarmStep::waiting;
      if (warm.step == WarmStep::queued) warm.step = WarmStep::good;   // nothing is gained by waiting on
      if (warm.step == WarmStep::waiting && warm.ticket == 0) want_warm(&entry, &warm, now_micros);
    }
    return end_release(lookup, Status::ok, now_micros);
  }
  if (std::equal(wanted.begin(), wanted.end(), entry.refused.begin())) {
    error_.set(Status::golden, entry.name, {"its next version failed its trial and does not serve"});
    return end_release(lookup, Status::golden, now_micros);
  }
  ask(lookup, LookupStep::read, NeedKind::read);
}

// What serves is still what is signed for.
void Delivery::found_known(Lookup* lookup, bool is_back, std::int64_t now_micros) {
  Entry& entry = *entries_[lookup->entry];
  entry.current().expires = lookup->expires;
  const bool is_taken_back = entry.has_new;
  if (is_taken_back) stop_warming(&entry);
  entry.has_new = false;
  if (is_back) pin_routes(&entry, now_micros);
  else pin_again(&entry, now_micros);
  if (is_taken_back || entry.predecessors != lookup->predecessors) choose_removed(lookup);
  remove_more(lookup, now_micros);
}

// What the release was before may serve as long as what vouches for the present one does.
void Delivery::keep_vouched(const Lookup& lookup) {
  for (Document& document : entries_[lookup.entry]->documents)
    if (document.revision != 0 && lookup.predecessors.has(document.hash)) document.expires = lookup.expires;
}

void Delivery::tell_release(std::uint32_t entry, Status status) {
  entries_[entry]->status = status;
  if (status != Status::ok && look_status_ == Status::ok) look_status_ = status;
}

void Delivery::end_release(Lookup* lookup, Status status, std::int64_t now_micros) {
  tell_release(lookup->entry, status);
  lookup->step = LookupStep::none;
  next_release(now_micros);
}

void Delivery::end_look(std::int64_t now_micros) {
  step_ = Step::idle;
  looked_at_ = now_micros;
  for (Entry* entry : entries_)
    if (entry->has_new && !entry->is_warming && n_known_ != 0) begin_warming(entry, now_micros);
  if (const Status status = serve_new(now_micros); status != Status::ok) look_status_ = status;
  status_ = look_status_;
  if (status_ == Status::ok) told_.clear();
  else told_ = error_;
  const bool was_cached = kind_ == RefreshKind::cached;
  has_asked_ = has_asked_ || !was_cached;
  has_looked_ = has_asked_ || n_known_ == entries_.size();
  if (was_cached) {
    look_at_ = now_micros;
    return;
  }
  wait_ = status_ == Status::ok ? 0
          : wait_ == 0          ? options_.retry_micros
                                : std::min(2 * wait_, options_.check_micros);
  look_at_ = now_micros + (status_ == Status::ok ? options_.check_micros : wait_);
}

// Whoever was withdrawn leaves the table to the others; where there are none, they tell that it was.
bool Delivery::shall_route(const Entry& entry) const {
  const auto can_serve = [](const Entry& each) {
    return each.can_serve_new() || (each.is_known && !each.is_withdrawn());
  };
  if (!entry.is_withdrawn() || can_serve(entry)) return can_serve(entry);
  for (const Entry* other : entries_)
    if (can_serve(*other)) return false;
  return true;
}

// Puts all that is new in the old's place, once there is a table of its routes.
Status Delivery::serve_new(std::int64_t now_micros) {
  bool is_new = false;
  for (const Entry* entry : entries_)
    is_new = is_new || entry->can_serve_new() || entry->is_routed != shall_route(*entry);
  if (!is_new) return Status::ok;
  GUARDRANK_TRY(make_routes());
  ++revision_;
  for (Entry* entry : entries_) {
    if (!entry->can_serve_new()) continue;
    entry->shift(entry->has_before() && !is_any_here(entry->current().release) &&
                 is_any_here(entry->before().release));
    entry->has_new = false;
    entry->is_known = true;
    entry->current().revision = revision_;
    pin_routes(entry, now_micros);
  }
  return Status::ok;
}

// A table beside the old one, whose texts are the old documents'.
Status Delivery::make_routes() {
  Arena& memory = table_memory_[1 - table_];
  RouteTable& made = tables_[1 - table_];
  memory.reset();
  std::span<Release> known;
  GUARDRANK_TRY(memory.make(entries_.size(), &known));
  std::uint32_t n = 0;
  for (const Entry* entry : entries_)
    if (shall_route(*entry))
      known[n++] = entry->can_serve_new() ? entry->next().release : entry->current().release;
  made = RouteTable();
  GUARDRANK_TRY(made.prepare(known.first(n), &memory, &error_));
  n = 0;
  for (std::uint32_t i = 0; i < entries_.size(); ++i) {
    entries_[i]->is_routed = shall_route(*entries_[i]);
    if (entries_[i]->is_routed) known_entries_[n++] = i;
  }
  table_ = 1 - table_;
  n_known_ = n;
  return Status::ok;
}

// What served goes where the next one was looked for, and is known until another is. `keeps_before`: there
// is nothing at hand of it, but of what served before it; that stays.
void Delivery::Entry::shift(bool keeps_before) {
  const std::uint32_t served = current_at;
  current_at = next_at;
  next_at = served;
  if (is_known && !keeps_before) std::swap(next_at, before_at);
}

// A name with a mark stands for the release's next version, while that is on its way, or the one before.
FoundState Delivery::find_release(void* user, std::string_view name, std::int64_t,
                                  FoundRelease* found) {
  const Delivery& self = *static_cast<const Delivery*>(user);
  const bool is_before = name.starts_with(before_mark), is_next = !is_before && name.starts_with(next_mark);
  if (is_before || is_next) name.remove_prefix((is_before ? before_mark : next_mark).size());
  const std::uint32_t place = self.by_name_.find(name);
  if (place == TextIndex::no_text) {
    found->status = Status::missing;
    return FoundState::failed;
  }
  const Entry& entry = *self.entries_[place];
  const Document& document = is_next ? entry.next() : is_before ? entry.before() : entry.current();
  const Document& before = is_next ? entry.current() : entry.before();
  // What was before serves no longer than what took its place would.
  const std::int64_t expires = is_before ? std::min(document.expires, entry.current().expires) : document.expires;
  *found = {Status::ok, document.bytes, before.revision != 0 ? before.bytes : Bytes{},
            is_next ? entry.warm_revision : document.revision, expires};
  if (is_next ? entry.is_warming : document.revision != 0) return FoundState::ready;
  found->status = is_next || is_before ? Status::missing : entry.status;
  return self.has_looked_ ? FoundState::failed : FoundState::pending;
}

}  // namespace guardrank
