// The host's time and the chain of roots (specification, 5.2 and 5.3).
#include "core/base/number_text.h"
#include "core/store/key.h"
#include "core/store/metadata_client.h"

namespace guardrank {

namespace {

constexpr std::int64_t minute = 60'000'000;

const JsonValue* find_text(const JsonValue* list, std::string_view text) {
  for (const JsonValue* one = list->first; one != nullptr; one = one->next)
    if (one->text == text) return one;
  return nullptr;
}

// Every key of `older` signs for `newer` too, unchanged.
bool keeps_keys(const Authority& older, const Authority& newer) {
  for (const JsonValue* id = older.key_ids->first; id != nullptr; id = id->next) {
    if (find_text(newer.key_ids, id->text) == nullptr) return false;
    const JsonValue* was = older.keys->member(id->text);
    const JsonValue* is = newer.keys->member(id->text);
    PublicKey a, b;
    if (was == nullptr || !read_key(id->text, *was, &a)) continue;
    if (is == nullptr || !read_key(id->text, *is, &b)) return false;
    if (a.scheme != b.scheme || !is_same_key(a, b)) return false;
  }
  return true;
}

}  // namespace

void MetadataClient::start() {
  if (!has_time_) return ask_key(Step::read_time, NeedKind::read, {"highest_time"});
  have_time({});
}

// The highest time is a plain number. One that cannot be read counts as none: whoever can write it
// could remove it as well.
void MetadataClient::have_time(const Answer& answer) {
  const std::string_view text(reinterpret_cast<const char*>(answer.bytes.data()), answer.bytes.size());
  if (!has_time_ && answer.outcome == Outcome::done && !parse_integer(text, &highest_)) highest_ = 0;
  has_time_ = true;
  if (now_ < highest_) now_ = highest_;
  // Every minute is often enough, and spares the disk.
  if (now_ - minute < highest_) return is_finding_ ? search() : start_root();
  highest_ = now_;
  const std::size_t size = write_integer(highest_, time_text_);
  ask_write(Step::write_time, {"highest_time"}, {reinterpret_cast<const std::uint8_t*>(time_text_), size});
}

void MetadataClient::start_root() {
  source_ = RootSource::anchor;
  if (root_ == nullptr && options_.trusted_root.empty())
    return ask_key(Step::read_root, NeedKind::read, {"root.json"});
  if (root_ == nullptr) {
    step_ = Step::read_root;
    return read_candidate_root(options_.trusted_root);
  }
  if (kind_ == RefreshKind::cached) return roots_done();
  if (kind_ == RefreshKind::full || !is_whole_) return next_root();
  ask_fetch(Step::check_timestamp, {}, "timestamp", limits::metadata_timestamp_bytes);
  need_.entity_tag = entity_tag_.view();
}

void MetadataClient::read_candidate_root(Bytes bytes) {
  candidate_ = free_document();
  Status status = candidate_->read(MetadataKind::root, "root", bytes, &error_);
  if (status == Status::ok && root_ != nullptr && candidate_->version() != root_->version() + 1)
    status = error_.wanted(Status::rollback, "root", {"version ", root_->version() + 1},
                           {"version ", candidate_->version()});
  if (status != Status::ok) return root_verified(status);
  if (root_ == nullptr) return count(candidate_, {candidate_->authority(MetadataKind::root)});
  count(candidate_, {root_->authority(MetadataKind::root), candidate_->authority(MetadataKind::root)});
}

void MetadataClient::next_history() {
  ask_key(Step::read_history, NeedKind::read, {"root_history/", root_->version() + 1, ".root.json"});
}

void MetadataClient::have_history(const Answer& answer) {
  source_ = RootSource::history;
  if (answer.outcome == Outcome::done) return read_candidate_root(answer.bytes);
  return kind_ == RefreshKind::cached ? roots_done() : next_root();
}

void MetadataClient::next_root() {
  if (rotations_ == limits::metadata_root_rotations) {
    error_.set(Status::limit, "root", {"more than ", rotations_, " new versions at once; version ",
                                       root_->version(), " is kept, refresh again"});
    return finish(Status::limit);
  }
  ask_fetch(Step::fetch_root, {root_->version() + 1, "."}, "root", limits::metadata_root_bytes);
}

void MetadataClient::have_root(const Answer& answer) {
  if (answer.outcome == Outcome::done) {
    if (step_ == Step::fetch_root) source_ = RootSource::network;
    return read_candidate_root(answer.bytes);
  }
  if (step_ == Step::read_root) {
    error_.set(Status::missing, "root.json", {"is not in the cache: give it a first root"});
    return finish(Status::missing);
  }
  if (answer.outcome == Outcome::not_found) return roots_done();
  const Status status =
      answer.outcome == Outcome::too_large
          ? error_.set(Status::limit, need_.path, {"is larger than ", need_.max_bytes, " bytes"})
          : error_.set(Status::network, need_.path, {answer.detail});
  finish(status);
}

// A root of the cache that does not fit counts as none; the origin is asked for it.
void MetadataClient::root_verified(Status result) {
  if (result == Status::ok) return accept_root();
  if (source_ != RootSource::history) return finish(result);
  candidate_->clear();
  candidate_ = nullptr;
  return kind_ == RefreshKind::cached ? roots_done() : next_root();
}

bool MetadataClient::has_rotated(MetadataKind role) const {
  return !keeps_keys(root_->authority(role), candidate_->authority(role));
}

void MetadataClient::accept_root() {
  if (source_ == RootSource::network) {
    ++rotations_;
    // Fast-forward recovery (5.3.11). Before root.json is written: a crash between the two leaves a cache
    // that is asked again, never one that is stuck.
    if (has_rotated(MetadataKind::timestamp) || has_rotated(MetadataKind::snapshot))
      return ask_key(Step::remove_timestamp, NeedKind::remove, {"timestamp.json"});
    return ask_write(Step::write_history, {"root_history/", candidate_->version(), ".root.json"},
                     candidate_->bytes());
  }
  keep_root();
  if (!options_.trusted_root.empty()) return next_history();
  return kind_ == RefreshKind::cached ? roots_done() : next_root();
}

// What was verified under other keys has to be verified again.
void MetadataClient::keep_root() {
  bool is_same = root_ != nullptr;
  for (const MetadataKind role : {MetadataKind::timestamp, MetadataKind::snapshot, MetadataKind::targets}) {
    if (!is_same) break;
    const Authority was = root_->authority(role), is = candidate_->authority(role);
    is_same = keeps_keys(was, is) && is.threshold <= was.threshold;
  }
  MetadataDocument* const old = root_;
  root_ = candidate_;
  candidate_ = nullptr;
  if (old != nullptr) old->clear();
  if (is_same) return;
  for (std::size_t level = 0; level < n_levels; ++level) latest_[level] = serving_[level] = nullptr;
  held_.clear();
  entity_tag_.clear();
  is_whole_ = false;
}

void MetadataClient::roots_done() {
  if (const Status status = check_expired(*root_); status != Status::ok) return finish(status);
  begin_role(0);
}

}  // namespace guardrank
