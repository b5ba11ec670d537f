// A release's document, read or fetched: kept as a file by its hash, with those that the signed target
// names as what it was before. So a client that starts anew in the middle of an update, and cannot have the
// new version's artifacts, still knows what served.
#include <algorithm>

#include "core/base/limits.h"
#include "core/engine/delivery.h"

namespace guardrank {

void Delivery::ask(Lookup* lookup, LookupStep step, NeedKind kind) {
  lookup->step = step;
  lookup->is_asked = false;
  Need& need = lookup->need = {};
  need.id = ++last_id_;
  need.kind = kind;
  need.key = lookup->key;
  if (kind == NeedKind::write) need.bytes = entries_[lookup->entry]->next().bytes;
  if (kind != NeedKind::fetch) return;
  need.origin = Origin::targets;
  need.path = lookup->address;
  need.max_bytes = static_cast<std::uint64_t>(lookup->facts.length);
}

void Delivery::have_document(const Answer& answer, std::int64_t now_micros) {
  const auto is_it = [&](const Lookup& lookup) {
    return lookup.step > LookupStep::wait && lookup.is_asked && lookup.need.id == answer.id;
  };
  Lookup* const lookup = std::find_if(lookups_, lookups_ + n_lookups, is_it);
  if (lookup == lookups_ + n_lookups) return;
  switch (lookup->step) {
    case LookupStep::read: return have_read(lookup, answer, now_micros);
    case LookupStep::read_before: return have_before(lookup, answer, now_micros);
    case LookupStep::fetch: return have_fetched(lookup, answer, now_micros);
    case LookupStep::write: choose_removed(lookup); break;   // kept or not, the new one is good
    default: break;
  }
  remove_more(lookup, now_micros);
}

void Delivery::have_read(Lookup* lookup, const Answer& answer, std::int64_t now_micros) {
  Status status = answer.outcome == Outcome::done ? fetched(*lookup, answer) : Status::missing;
  if (status == Status::ok) status = adopt(lookup, answer.bytes);
  if (wants_before(*lookup)) return read_before(lookup);
  if (status != Status::ok) return ask(lookup, LookupStep::fetch, NeedKind::fetch);
  choose_removed(lookup);
  remove_more(lookup, now_micros);
}

void Delivery::have_fetched(Lookup* lookup, const Answer& answer, std::int64_t now_micros) {
  Status status = fetched(*lookup, answer);
  if (status == Status::ok) status = adopt(lookup, answer.bytes);
  if (status != Status::ok) return end_release(lookup, status, now_micros);
  lookup->key.assign({"targets/", hash_text(lookup->facts.hash_view()).view()});
  ask(lookup, LookupStep::write, NeedKind::write);
}

// At the start, with nothing but what the folder holds. Later it is in memory.
bool Delivery::wants_before(const Lookup& lookup) const {
  return kind_ == RefreshKind::cached && lookup.n_read_before < lookup.predecessors.n;
}

// Which blobs are on disk is known a little later than the host begins.
void Delivery::read_before(Lookup* lookup) {
  if (!store_.knows_disk()) {
    lookup->step = LookupStep::wait;
    return;
  }
  lookup->key.assign({"targets/", hash_text(lookup->predecessors.hashes[lookup->n_read_before]).view()});
  ask(lookup, LookupStep::read_before, NeedKind::read);
}

// The newest of which artifacts are at hand stands beside the new one, or in its place until that can be had.
void Delivery::have_before(Lookup* lookup, const Answer& answer, std::int64_t now_micros) {
  Entry& entry = *entries_[lookup->entry];
  const Sha256Digest& hash = lookup->predecessors.hashes[lookup->n_read_before++];
  Document& made = entry.has_new ? entry.before() : entry.next();
  const bool is_it = answer.outcome == Outcome::done && answer.bytes.size() <= limits::release_bytes &&
                     sha256(answer.bytes) == hash;
  if (is_it && open_document(lookup, answer.bytes, hash, &made) == Status::ok && is_any_here(made.release)) {
    if (entry.has_new) made.revision = ++revision_;
    entry.has_new = true;
    return end_release(lookup, Status::ok, now_micros);
  }
  if (wants_before(*lookup)) return read_before(lookup);
  if (entry.has_new) return end_release(lookup, Status::ok, now_micros);
  ask(lookup, LookupStep::fetch, NeedKind::fetch);
}

Status Delivery::fetched(const Lookup& lookup, const Answer& answer) {
  const std::string_view name = entries_[lookup.entry]->name;
  switch (answer.outcome) {
    case Outcome::done: return check_file_facts(lookup.facts, answer.bytes, name, &error_);
    case Outcome::not_found: return error_.set(Status::missing, name, {"the origin does not have it"});
    case Outcome::too_large: return error_.set(Status::hash, name, {"it is longer than signed for"});
    default: return error_.set(Status::network, name, {answer.detail});
  }
}

Status Delivery::adopt(Lookup* lookup, Bytes bytes) {
  Entry& entry = *entries_[lookup->entry];
  stop_warming(&entry);
  entry.has_new = false;
  GUARDRANK_TRY(open_document(lookup, bytes, lookup->facts.hash_view(), &entry.next()));
  entry.has_new = true;
  return Status::ok;
}

Status Delivery::open_document(Lookup* lookup, Bytes bytes, std::span<const std::uint8_t> hash, Document* made) {
  const Entry& entry = *entries_[lookup->entry];
  made->revision = 0;
  lookup->replaced = made->hash;
  made->hash = {};
  made->memory.reset();
  std::span<std::uint8_t> copy;
  if (made->memory.make_uninitialised(bytes.size(), &copy) != Status::ok)
    return error_.no_memory(entry.name);
  std::copy(bytes.begin(), bytes.end(), copy.begin());
  made->bytes = copy;
  if (open_release(made->bytes, Check::full, &made->memory, &made->release, &error_) != Status::ok)
    return error_.within(entry.name);
  if (made->memory.make(made->release.routes.size(), &made->refused) != Status::ok)
    return error_.no_memory(entry.name);
  if (made->release.name != entry.name.view())
    return error_.wanted(Status::reference, entry.name, {"a release of this name"}, {made->release.name});
  std::copy_n(hash.begin(), made->hash.size(), made->hash.begin());
  made->expires = lookup->expires;
  return Status::ok;
}

// Documents that were kept, and that the one that is good now does not name.
void Delivery::choose_removed(Lookup* lookup) {
  Entry& entry = *entries_[lookup->entry];
  lookup->n_removed = 0;
  const auto add = [lookup](const Sha256Digest& hash) {
    Sha256Digest* const end = lookup->removed + lookup->n_removed;
    const bool is_kept = hash == Sha256Digest{} || lookup->predecessors.has(hash) ||
                         std::equal(hash.begin(), hash.end(), lookup->facts.hash.begin());
    if (!is_kept && std::find(lookup->removed, end, hash) == end) lookup->removed[lookup->n_removed++] = hash;
  };
  add(lookup->replaced);
  for (const Document& document : entry.documents) add(document.hash);
  for (const Sha256Digest& hash : entry.predecessors.view()) add(hash);
  entry.predecessors = lookup->predecessors;
}

void Delivery::remove_more(Lookup* lookup, std::int64_t now_micros) {
  if (lookup->n_removed == 0) return end_release(lookup, Status::ok, now_micros);
  lookup->key.assign({"targets/", hash_text(lookup->removed[--lookup->n_removed]).view()});
  ask(lookup, LookupStep::remove, NeedKind::remove);
}

}  // namespace guardrank
