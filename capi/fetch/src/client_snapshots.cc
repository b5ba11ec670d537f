// The snapshots of a client: those that it keeps, and the next version of a release, which is prepared before it
// serves.
#include <algorithm>

#include "capi/fetch/src/client.h"
#include "capi/src/texts.h"

namespace guardrank::fetch {
namespace {

using Artifact = std::unique_ptr<gr_artifact, FreeArtifact>;

// An artifact's header holds the hash of header and table: another one for another artifact.
void append_hash(Bytes artifact, std::string* key) {
  key->append(reinterpret_cast<const char*>(artifact.data()) + 32, sizeof(Sha256Digest));
}

std::string key_of(const Delivered& delivered) {
  std::string key;
  key.reserve(4 * sizeof(Sha256Digest));
  for (const Bytes part : {delivered.model, delivered.policy, delivered.catalog, delivered.release_bytes})
    append_hash(part, &key);
  return key;
}

}  // namespace

// What a C function told, in this side's form.
Status Client::take_error(gr_status status, gr_error* told, Error* error) {
  if (status == GR_STATUS_OK) return Status::ok;
  const auto code = static_cast<Status>(status);
  const std::string_view where = as_view(gr_error_where(told));
  std::string_view message = as_view(gr_error_message(told));
  // It begins with the place, and is about to do so again.
  if (!where.empty() && message.starts_with(std::string(where) + ": ")) message.remove_prefix(where.size() + 2);
  error->set(code, where, {message});
  gr_error_free(told);
  return code;
}

Status Client::take_steps(gr_snapshot* snapshot, std::uint32_t steps, std::uint32_t* left, Error* error) {
  gr_error* told = nullptr;
  const gr_status status = gr_snapshot_prepare(snapshot, steps, left, &told);
  return take_error(status, told, error);
}

// Copied; but what is mapped stays where it is, as long as the store or the snapshot lives.
Status Client::open_part(Bytes bytes, Artifact* artifact, Error* error) {
  using Held = std::shared_ptr<const Mapping>;
  gr_artifact_options options{};
  options.struct_size = sizeof options;
  if (Held mapping = host_.mappings().find(bytes)) {
    options.release = [](void* held, const uint8_t*, size_t) { delete static_cast<Held*>(held); };
    options.release_user = new Held(std::move(mapping));
  }
  gr_artifact* opened = nullptr;
  gr_error* told = nullptr;
  const gr_status status = gr_artifact_open(engine_, bytes.data(), bytes.size(), &options, &opened, &told);
  artifact->reset(opened);
  return take_error(status, told, error);
}

gr_snapshot* Client::find_kept(const std::string& key) {
  const auto found = std::find_if(kept_.begin(), kept_.end(), [&](const Kept& kept) { return kept.key == key; });
  if (found == kept_.end()) return nullptr;
  kept_.splice(kept_.begin(), kept_, found);
  return kept_.front().snapshot;
}

void Client::keep(std::string key, gr_snapshot* snapshot) {
  kept_.push_front({std::move(key), snapshot});
  for (; kept_.size() > n_snapshots_; kept_.pop_back()) gr_snapshot_free(kept_.back().snapshot);
}

Status Client::create(const Delivered& delivered, const gr_snapshot_options* options,
                      gr_snapshot** snapshot, Error* error) {
  Artifact model, policy, catalog, release;
  GUARDRANK_TRY(open_part(delivered.model, &model, error));
  GUARDRANK_TRY(open_part(delivered.policy, &policy, error));
  GUARDRANK_TRY(open_part(delivered.catalog, &catalog, error));
  GUARDRANK_TRY(open_part(delivered.release_bytes, &release, error));
  gr_snapshot_parts parts{};
  parts.struct_size = sizeof parts;
  parts.model = model.get();
  parts.policy = policy.get();
  parts.catalog = catalog.get();
  parts.release = release.get();
  gr_error* told = nullptr;
  const gr_status status = gr_snapshot_create_from(engine_, &parts, options, snapshot, &told);
  return take_error(status, told, error);
}

Status Client::prepare(const Delivered& delivered, const gr_snapshot_options* options,
                       gr_snapshot** snapshot, Error* error) {
  std::string key = key_of(delivered);
  if ((*snapshot = find_kept(key)) != nullptr) return Status::ok;
  gr_snapshot* created = nullptr;
  GUARDRANK_TRY(create(delivered, options, &created, error));
  std::uint32_t left = 0;                // what is given out is ready, whatever `options` say of steps
  const Status status = take_steps(created, UINT32_MAX, &left, error);
  if (status != Status::ok) {
    gr_snapshot_free(created);
    return status;
  }
  keep(std::move(key), created);
  *snapshot = created;
  return Status::ok;
}

// One after the other, each for a slice of time at most: then this call goes on with other things. What was
// prepared is kept: when traffic shifts it is ready. Whether one has ended.
bool Client::try_next() {
  Error error;
  Status status = Status::ok;
  if (trial_.id == 0) {
    Delivered next;
    trial_.id = delivery_.next_trial(host_.now(), &next);
    if (trial_.id == 0) return false;
    status = begin_trial(next, &error);
  }
  std::uint32_t left = 0;
  if (status == Status::ok) status = go_on_trying(&left, &error);
  if (status == Status::ok && left != 0) return false;
  end_trial(status);
  return true;
}

Status Client::begin_trial(const Delivered& next, Error* error) {
  trial_.key = key_of(next);
  if (find_kept(trial_.key) != nullptr) return Status::ok;
  gr_snapshot_options options = snapshot_options_;
  options.struct_size = sizeof options;
  options.in_steps = 1;
  return create(next, &options, &trial_.snapshot, error);
}

Status Client::go_on_trying(std::uint32_t* left, Error* error) {
  const std::int64_t until = host_.now() + slice_micros_;
  while (trial_.snapshot != nullptr) {
    GUARDRANK_TRY(take_steps(trial_.snapshot, 1, left, error));
    if (*left == 0 || host_.now() >= until) break;
  }
  return Status::ok;
}

void Client::end_trial(Status status) {
  Trial ended;
  std::swap(ended, trial_);
  const bool is_kept = ended.snapshot == nullptr || find_kept(ended.key) != nullptr;   // who could not wait made one
  if (status == Status::ok && !is_kept) keep(std::move(ended.key), ended.snapshot);
  else gr_snapshot_free(ended.snapshot);
  delivery_.tried(ended.id, status, host_.now());
}

}  // namespace guardrank::fetch
