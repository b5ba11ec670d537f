// Timestamp, snapshot, top-level targets (specification, 5.4 to 5.6), and the same steps for a delegated
// role.
#include <algorithm>

#include "core/store/metadata_client.h"
#include "core/store/metadata_shape.h"

namespace guardrank {

namespace {

// Level 0 is the timestamp; what stands above the snapshot are targets, delegated or not.
MetadataKind kind_at(std::size_t level) {
  return level >= 2 ? MetadataKind::targets : static_cast<MetadataKind>(level + 1);
}

bool is_same(Bytes a, Bytes b) { return std::equal(a.begin(), a.end(), b.begin(), b.end()); }

std::uint32_t max_bytes_at(std::size_t level) {
  if (level >= 2) return limits::metadata_targets_bytes;
  return level == 1 ? limits::metadata_snapshot_bytes : limits::metadata_timestamp_bytes;
}

}  // namespace

std::string_view MetadataClient::role_name() const {
  return level_ == delegated_level ? delegated_->name.view() : metadata_kind_name(kind_at(level_));
}

MetadataDocument* MetadataClient::trusted() const {
  if (level_ < n_levels) return latest_[level_];
  return delegated_->is_verified ? &delegated_->document : nullptr;
}

Authority MetadataClient::role_authority() const {
  if (level_ < n_levels) return root_->authority(kind_at(level_));
  return authority_of(delegated_->name.view(), delegation_.delegator->delegations()->member("keys"),
                      *delegation_.delegation);
}

// What the role before it says of this one.
bool MetadataClient::role_facts(FileFacts* facts) const {
  const MetadataDocument* const* from = is_finding_ ? serving_ : latest_;
  return from[level_ == 1 ? 0 : 1]->file_facts(role_name(), facts);
}

bool MetadataClient::is_wanted(const MetadataDocument& document) const {
  FileFacts facts;
  Error ignored;
  return role_facts(&facts) && document.version() == facts.version &&
         check_file_facts(facts, document.bytes(), document.role(), &ignored) == Status::ok;
}

Status MetadataClient::check_expired(const MetadataDocument& document) {
  if (document.expires_micros() > now_) return Status::ok;
  return error_.set(Status::expired, document.role(),
                    {"version ", document.version(), " expired at ", document.expires_text()});
}

// A conditional request answered: nothing has changed, or everything is looked at. Origins and proxies
// that know no entity tags send the timestamp again.
void MetadataClient::check_timestamp(const Answer& answer) {
  const bool has_kept = answer.outcome == Outcome::unchanged && !need_.entity_tag.empty();
  const bool is_again = answer.outcome == Outcome::done && is_same(answer.bytes, latest_[0]->bytes());
  if ((!has_kept && !is_again) || check_serving() != Status::ok) return next_root();
  if (is_again) entity_tag_.assign({answer.entity_tag});
  finish(Status::ok);
}

void MetadataClient::begin_role(std::size_t level) {
  level_ = level;
  if (trusted() != nullptr) return local_role();
  ask(Step::read_role, NeedKind::read).key = role_key();
}

std::string_view MetadataClient::role_key() {
  key_.clear();
  if (level_ < n_levels) key_.assign({role_name()});
  else append_cache_name(role_name(), &key_);
  key_.append({".json"});
  return key_.view();
}

void MetadataClient::verify_role(Bytes bytes) {
  candidate_ = level_ < n_levels ? free_document() : &delegated_->document;
  if (level_ == delegated_level) delegated_->is_verified = false;
  const Status status = candidate_->read(kind_at(level_), role_name(), bytes, &error_);
  if (status != Status::ok) return role_verified(status);
  count(candidate_, {role_authority()});
}

void MetadataClient::have_cached_role(const Answer& answer) {
  if (answer.outcome != Outcome::done || answer.bytes.size() > max_bytes_at(level_)) return fetch_role();
  verify_role(answer.bytes);
}

// What is trusted already: enough, or what the origin's is held against.
void MetadataClient::local_role() {
  const MetadataDocument& document = *trusted();
  const bool is_cached = kind_ == RefreshKind::cached;
  if (level_ == 0 && !is_cached) return fetch_role();
  if (level_ == 0 || is_wanted(document)) {
    const Status status = check_expired(document);
    if (status == Status::ok) return next_role();
    return is_cached ? finish(status) : fetch_role();
  }
  // An update that was interrupted left a newer role beside this one.
  FileFacts facts;
  if (is_cached && role_facts(&facts) && document.version() < facts.version) {
    const Status status = check_expired(document);
    return status == Status::ok ? next_role() : finish(status);
  }
  fetch_role();
}

void MetadataClient::fetch_role() {
  if (kind_ == RefreshKind::cached) {
    error_.set(Status::network, role_name(), {"is not in the cache as it should be"});
    return finish(Status::network);
  }
  FileFacts facts;
  if (level_ != 0 && !role_facts(&facts)) {
    error_.set(Status::reference, role_name(), {"is not named by the snapshot"});
    return finish(Status::reference);
  }
  if (facts.length > max_bytes_at(level_)) {
    error_.set(Status::limit, role_name(), {"has ", facts.length, " bytes, at most ", max_bytes_at(level_)});
    return finish(Status::limit);
  }
  const std::uint64_t most = facts.length < 0 ? max_bytes_at(level_) : static_cast<std::uint64_t>(facts.length);
  if (level_ != 0 && root_->is_consistent_snapshot()) {
    ask_fetch(Step::fetch_role, {facts.version, "."}, role_name(), most);
  } else {
    ask_fetch(Step::fetch_role, {}, role_name(), most);
  }
  if (level_ == 0 && trusted() != nullptr) need_.entity_tag = entity_tag_.view();
}

void MetadataClient::have_role(const Answer& answer) {
  FileFacts facts;
  if (level_ != 0) (void)role_facts(&facts);
  const bool is_larger = answer.outcome == Outcome::too_large || answer.bytes.size() > need_.max_bytes;
  Status status = Status::ok;
  if (answer.outcome == Outcome::unchanged && !need_.entity_tag.empty()) {
    return keep_timestamp();
  } else if (is_larger) {
    status = error_.set(facts.length < 0 ? Status::limit : Status::hash, need_.path,
                        {"is larger than ", need_.max_bytes, " bytes"});
  } else if (answer.outcome != Outcome::done) {
    const bool is_absent = answer.outcome == Outcome::not_found;
    status = error_.set(Status::network, need_.path, {is_absent ? "is not there" : answer.detail});
  } else {
    status = check_file_facts(facts, answer.bytes, need_.path, &error_);
  }
  if (status != Status::ok) return finish(status);
  new_entity_tag_.assign({answer.entity_tag});
  verify_role(answer.bytes);
}

// The origin's timestamp is the one that is trusted.
void MetadataClient::keep_timestamp() {
  const Status status = check_expired(*latest_[0]);
  return status == Status::ok ? next_role() : finish(status);
}

Status MetadataClient::check_minimum() {
  const std::int64_t least = root_->minimum_version(role_name());
  if (candidate_->version() >= least) return Status::ok;
  return error_.wanted(Status::rollback, role_name(), {"version ", least, " or later"},
                       {"version ", candidate_->version()});
}

// A new timestamp against the one before it.
Status MetadataClient::check_timestamp_not_older() {
  const MetadataDocument* const old = latest_[0];
  if (old == nullptr) return Status::ok;
  if (candidate_->version() < old->version())
    return error_.wanted(Status::rollback, "timestamp", {"version ", old->version(), " or later"},
                         {"version ", candidate_->version()});
  FileFacts was, is;
  (void)old->file_facts("snapshot", &was);
  (void)candidate_->file_facts("snapshot", &is);
  if (is.version >= was.version) return Status::ok;
  return error_.set(Status::rollback, "timestamp",
                    {"version ", candidate_->version(), " leads snapshot.json back from version ",
                     was.version, " to ", is.version});
}

Status MetadataClient::check_fetched() {
  GUARDRANK_TRY(check_minimum());
  if (level_ == 0) {
    GUARDRANK_TRY(check_timestamp_not_older());
  } else {
    FileFacts facts;
    (void)role_facts(&facts);
    if (candidate_->version() != facts.version)
      return error_.wanted(Status::rollback, role_name(), {"version ", facts.version},
                           {"version ", candidate_->version()});
  }
  if (level_ == 1 && latest_[1] != nullptr) GUARDRANK_TRY(candidate_->check_not_older(*latest_[1], &error_));
  return check_expired(*candidate_);
}

void MetadataClient::trust_candidate() {
  if (level_ < n_levels) latest_[level_] = candidate_;
  else delegated_->is_verified = true;
  candidate_ = nullptr;
}

void MetadataClient::drop_candidate() {
  if (candidate_ != nullptr) candidate_->clear();
  candidate_ = nullptr;
}

void MetadataClient::role_verified(Status result) {
  if (step_ == Step::read_role) {
    // What the cache holds and nobody vouches for counts as not there.
    if (result != Status::ok || check_minimum() != Status::ok) {
      drop_candidate();
      return fetch_role();
    }
    trust_candidate();
    return local_role();
  }
  if (result == Status::ok && level_ == 0 && latest_[0] != nullptr &&
      candidate_->version() == latest_[0]->version()) {
    if (is_same(candidate_->bytes(), latest_[0]->bytes())) entity_tag_ = new_entity_tag_;
    drop_candidate();
    return keep_timestamp();
  }
  if (result == Status::ok) result = check_fetched();
  if (result != Status::ok) {
    drop_candidate();
    return finish(result);
  }
  if (level_ == 0) entity_tag_.assign({new_entity_tag_.view()});
  trust_candidate();
  // Verified first, then kept: what stands in the cache was good when it was written.
  const Bytes bytes = trusted()->bytes();
  ask(Step::write_role, NeedKind::write).key = role_key();
  need_.bytes = bytes;
}

void MetadataClient::next_role() {
  if (level_ == delegated_level) return have_delegated();
  if (level_ + 1 < n_levels) return begin_role(level_ + 1);
  if (serving_[1] != latest_[1] || serving_[2] != latest_[2]) held_.clear();
  for (std::size_t level = 0; level < n_levels; ++level) serving_[level] = latest_[level];
  is_whole_ = kind_ != RefreshKind::cached;
  finish(Status::ok);
}

}  // namespace guardrank
