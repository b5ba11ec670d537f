// A release's document, read or fetched: kept as a file by its hash, with those that the signed target
// names as what it was before. So a client that starts anew in the middle of an update, and cannot have the
// new version's artifacts, still knows what served.
#include <algorithm>

#include "core/base/limits.h"
#include "core/engine/delivery.h"

namespace guardrank {

void Delivery::ask(Step step, NeedKind kind) {
  step_ = step;
  is_asked_ = false;
  need_ = {};
  need_.id = ++last_id_;
  need_.kind = kind;
  need_.key = key_;
  if (kind == NeedKind::write) need_.bytes = entries_[current_]->next().bytes;
  if (kind != NeedKind::fetch) return;
  need_.origin = Origin::targets;
  need_.path = address_;
  need_.max_bytes = static_cast<std::uint64_t>(facts_.length);
}

void Delivery::have_document(const Answer& answer, std::int64_t now_micros) {
  switch (step_) {
    case Step::read: return have_read(answer, now_micros);
    case Step::read_before: return have_before(answer, now_micros);
    case Step::fetch: return have_fetched(answer, now_micros);
    case Step::write: choose_removed(); break;   // kept or not, the new one is good
    default: break;
  }
  remove_more(now_micros);
}

void Delivery::have_read(const Answer& answer, std::int64_t now_micros) {
  Status status = answer.outcome == Outcome::done ? fetched(answer) : Status::missing;
  if (status == Status::ok) status = adopt(answer.bytes);
  if (wants_before()) return read_before();
  if (status != Status::ok) return ask(Step::fetch, NeedKind::fetch);
  choose_removed();
  remove_more(now_micros);
}

void Delivery::have_fetched(const Answer& answer, std::int64_t now_micros) {
  Status status = fetched(answer);
  if (status == Status::ok) status = adopt(answer.bytes);
  if (status != Status::ok) return end_release(status, now_micros);
  key_.assign({"targets/", hash_text(facts_.hash_view()).view()});
  ask(Step::write, NeedKind::write);
}

// At the start, with nothing but what the folder holds. Later it is in memory.
bool Delivery::wants_before() const {
  return kind_ == RefreshKind::cached && n_read_before_ < predecessors_.n;
}

// Which blobs are on disk is known a little later than the host begins.
void Delivery::read_before() {
  if (!store_.knows_disk()) {
    step_ = Step::wait;
    return;
  }
  key_.assign({"targets/", hash_text(predecessors_.hashes[n_read_before_]).view()});
  ask(Step::read_before, NeedKind::read);
}

// The newest of which artifacts are at hand stands beside the new one, or in its place until that can be had.
void Delivery::have_before(const Answer& answer, std::int64_t now_micros) {
  Entry& entry = *entries_[current_];
  const Sha256Digest& hash = predecessors_.hashes[n_read_before_++];
  Document& made = entry.has_new ? entry.before() : entry.next();
  const bool is_it = answer.outcome == Outcome::done && answer.bytes.size() <= limits::release_bytes &&
                     sha256(answer.bytes) == hash;
  if (is_it && open_document(answer.bytes, hash, &made) == Status::ok && is_any_here(made.release)) {
    if (entry.has_new) made.revision = ++revision_;
    entry.has_new = true;
    return end_release(Status::ok, now_micros);
  }
  if (wants_before()) return read_before();
  if (entry.has_new) return end_release(Status::ok, now_micros);
  ask(Step::fetch, NeedKind::fetch);
}

Status Delivery::fetched(const Answer& answer) {
  const std::string_view name = entries_[current_]->name;
  switch (answer.outcome) {
    case Outcome::done: return check_file_facts(facts_, answer.bytes, name, &error_);
    case Outcome::not_found: return error_.set(Status::missing, name, {"the origin does not have it"});
    case Outcome::too_large: return error_.set(Status::hash, name, {"it is longer than signed for"});
    default: return error_.set(Status::network, name, {answer.detail});
  }
}

Status Delivery::adopt(Bytes bytes) {
  Entry& entry = *entries_[current_];
  stop_warming(&entry);
  entry.has_new = false;
  GUARDRANK_TRY(open_document(bytes, facts_.hash_view(), &entry.next()));
  entry.has_new = true;
  return Status::ok;
}

Status Delivery::open_document(Bytes bytes, std::span<const std::uint8_t> hash, Document* made) {
  const Entry& entry = *entries_[current_];
  made->revision = 0;
  replaced_ = made->hash;
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
  made->expires = target_expires_;
  return Status::ok;
}

// Documents that were kept, and that the one that is good now does not name.
void Delivery::choose_removed() {
  Entry& entry = *entries_[current_];
  n_removed_ = 0;
  const auto add = [this](const Sha256Digest& hash) {
    const bool is_kept = hash == Sha256Digest{} || predecessors_.has(hash) ||
                         std::equal(hash.begin(), hash.end(), facts_.hash.begin());
    if (!is_kept && std::find(removed_, removed_ + n_removed_, hash) == removed_ + n_removed_)
      removed_[n_removed_++] = hash;
  };
  add(replaced_);
  for (const Document& document : entry.documents) add(document.hash);
  for (const Sha256Digest& hash : entry.predecessors.view()) add(hash);
  entry.predecessors = predecessors_;
}

void Delivery::remove_more(std::int64_t now_micros) {
  if (n_removed_ == 0) return end_release(Status::ok, now_micros);
  key_.assign({"targets/", hash_text(removed_[--n_removed_]).view()});
  ask(Step::remove, NeedKind::remove);
}

}  // namespace guardrank
