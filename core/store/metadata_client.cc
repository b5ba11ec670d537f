// Operations, needs and their answers; what a step does is in metadata_root.cc, metadata_roles.cc and
// metadata_find.cc.
#include "core/store/metadata_client.h"

#include <algorithm>

namespace guardrank {

MetadataClient::MetadataClient(const Allocator& allocator, const MetadataOptions& options)
    : memory_(allocator, limits::metadata_memory), options_(options) {
  const Allocator counted = memory_.allocator();
  for (MetadataDocument& document : pool_) document.open(counted);
  signatures_.open(counted);
  held_.open(counted);
  search_.open(counted);
}

Status MetadataClient::begin(std::int64_t now_micros, Error* error) {
  if (is_busy()) return error->set(Status::argument, "metadata", {"an operation is under way"});
  now_ = now_micros;
  status_ = Status::ok;
  error_.clear();
  unstored_.clear();
  target_ = {};
  rotations_ = 0;
  level_ = 0;
  is_finding_ = false;
  return Status::ok;
}

Status MetadataClient::refresh(RefreshKind kind, std::int64_t now_micros, Error* error) {
  GUARDRANK_TRY(begin(now_micros, error));
  kind_ = kind;
  start();
  return Status::ok;
}

Status MetadataClient::adopt(Bytes root, std::int64_t now_micros, Error* error) {
  GUARDRANK_TRY(begin(now_micros, error));
  step_ = Step::adopt_root;
  candidate_ = free_document();
  const Status status =
      root.size() > limits::metadata_root_bytes
          ? error_.set(Status::limit, "root", {"is larger than ", limits::metadata_root_bytes, " bytes"})
          : candidate_->read(MetadataKind::root, "root", root, &error_);
  if (status != Status::ok) {
    finish(status);
  } else {
    count(candidate_, {candidate_->authority(MetadataKind::root)});
  }
  return Status::ok;
}

void MetadataClient::cancel() {
  if (!is_busy()) return;
  error_.set(Status::deadline, "metadata", {"was told to stop"});
  finish(Status::deadline);
}

void MetadataClient::finish(Status status) {
  step_ = Step::idle;
  is_verifying_ = is_asked_ = false;
  signatures_.clear();
  if (candidate_ != nullptr && level_ < n_levels) candidate_->clear();
  candidate_ = nullptr;
  // A look at the timestamp alone would pass over what is still missing.
  if (status != Status::ok && !is_finding_) {
    entity_tag_.clear();
    is_whole_ = false;
  }
  status_ = status;
  if (status == Status::ok) {
    error_.clear();
  } else if (error_.code() != status) {
    error_.set(status, "metadata", {status == Status::memory ? "no memory left" : "failed"});
  }
}

MetadataDocument* MetadataClient::free_document() {
  const auto is_used = [this](const MetadataDocument* document) {
    return document == root_ || document == candidate_ ||
           std::find(latest_, latest_ + n_levels, document) != latest_ + n_levels ||
           std::find(serving_, serving_ + n_levels, document) != serving_ + n_levels;
  };
  // One more than can be in use at a time.
  for (MetadataDocument& document : pool_)
    if (!is_used(&document)) return &document;
  return &pool_[0];
}

void MetadataClient::count(MetadataDocument* document, std::initializer_list<Authority> authorities) {
  const Status status =
      signatures_.begin(*document, {authorities.begin(), authorities.size()}, &error_);
  is_verifying_ = status == Status::ok && !signatures_.is_done();
  if (is_verifying_) return;
  verified(status == Status::ok ? signatures_.result(&error_) : status);
}

Need& MetadataClient::ask(Step step, NeedKind kind) {
  step_ = step;
  is_asked_ = false;
  need_ = {};
  need_.kind = kind;
  need_.id = ++last_id_;
  return need_;
}

void MetadataClient::ask_key(Step step, NeedKind kind, std::initializer_list<TextPiece> key) {
  key_.assign(key);
  ask(step, kind).key = key_.view();
}

void MetadataClient::ask_write(Step step, std::initializer_list<TextPiece> key, Bytes bytes) {
  ask_key(step, NeedKind::write, key);
  need_.bytes = bytes;
}

void MetadataClient::ask_fetch(Step step, std::initializer_list<TextPiece> prefix, std::string_view role,
                               std::uint64_t max_bytes) {
  path_.assign(prefix);
  append_encoded(role, false, &path_);
  path_.append({".json"});
  Need& need = ask(step, NeedKind::fetch);
  need.path = path_.view();
  need.max_bytes = max_bytes;
}

bool MetadataClient::next(Need* need) {
  if (is_verifying_) {
    if (!signatures_.next(last_id_ + 1, need)) return false;
    ++last_id_;
    return true;
  }
  if (step_ == Step::idle || is_asked_) return false;
  *need = need_;
  is_asked_ = true;
  return true;
}

void MetadataClient::provide(const Answer& answer) {
  if (is_verifying_) {
    if (!signatures_.provide(answer.id, answer.outcome == Outcome::done)) return;
    if (!signatures_.is_done()) return;
    is_verifying_ = false;
    verified(signatures_.result(&error_));
  } else if (step_ != Step::idle && is_asked_ && answer.id == need_.id) {
    handle(answer);
  }
}

void MetadataClient::verified(Status result) {
  signatures_.clear();
  switch (step_) {
    case Step::adopt_root:
      if (result != Status::ok) return finish(result);
      return ask_write(Step::write_adopted, {"root.json"}, candidate_->bytes());
    case Step::read_role:
    case Step::fetch_role: return role_verified(result);
    default: return root_verified(result);
  }
}

void MetadataClient::handle_write(const Answer& answer) {
  if (answer.outcome != Outcome::done && unstored_.view().empty()) unstored_.assign({need_.key});
  switch (step_) {
    case Step::write_time: return is_finding_ ? search() : start_root();
    case Step::remove_timestamp: return ask_key(Step::remove_snapshot, NeedKind::remove, {"snapshot.json"});
    case Step::remove_snapshot:
      return ask_write(Step::write_history, {"root_history/", candidate_->version(), ".root.json"},
                       candidate_->bytes());
    case Step::write_history: return ask_write(Step::write_root, {"root.json"}, candidate_->bytes());
    case Step::write_root:
      keep_root();
      return next_root();
    case Step::write_role: return next_role();
    case Step::write_adopted:
      if (answer.outcome == Outcome::done)
        return ask_key(Step::forget_time, NeedKind::remove, {"highest_time"});
      error_.set(Status::internal, "root.json", {"cannot be written: ", answer.detail});
      return finish(Status::internal);
    default: return finish(Status::ok);
  }
}

void MetadataClient::handle(const Answer& answer) {
  switch (step_) {
    case Step::read_time: return have_time(answer);
    case Step::check_timestamp: return check_timestamp(answer);
    case Step::read_root:
    case Step::fetch_root: return have_root(answer);
    case Step::read_history: return have_history(answer);
    case Step::read_role: return have_cached_role(answer);
    case Step::fetch_role: return have_role(answer);
    default: return handle_write(answer);
  }
}

std::int64_t MetadataClient::version(MetadataKind kind) const {
  const auto level = static_cast<std::size_t>(kind);
  const MetadataDocument* document = level == 0 ? root_ : serving_[level - 1];
  return document == nullptr ? 0 : document->version();
}

std::int64_t MetadataClient::expires_micros() const {
  if (!is_ready()) return 0;
  std::int64_t first = root_->expires_micros();
  for (const MetadataDocument* document : serving_) first = std::min(first, document->expires_micros());
  return first;
}

}  // namespace guardrank
