// Which role vouches for a target (specification, 5.6.7 and 5.7).
#include <algorithm>

#include "core/base/slice.h"
#include "core/store/canonical_json.h"
#include "core/store/key.h"
#include "core/store/metadata_client.h"

namespace guardrank {
namespace {

// Up to the first that is no SHA-256: what is signed by others may have other things there.
void read_predecessors(const JsonValue& custom, Predecessors* out) {
  const JsonValue* own = custom.member("guardrank");
  const JsonValue* list = own == nullptr ? nullptr : own->member("previous");
  if (list == nullptr || list->type != JsonType::array) return;
  for (const JsonValue* each = list->first; each != nullptr && out->n < limits::predecessors; each = each->next) {
    Sha256Digest& hash = out->hashes[out->n];
    std::size_t size = 0;
    if (each->type != JsonType::string || !read_hexadecimal(each->text, hash, &size) || size != hash.size()) return;
    ++out->n;
  }
}

}  // namespace

bool Predecessors::has(const Sha256Digest& hash) const {
  return std::find(hashes, hashes + n, hash) != hashes + n;
}

Status MetadataClient::find(std::string_view target_path, std::int64_t now_micros, Error* error) {
  if (!is_ready())
    return error->set(Status::argument, "metadata", {"nothing is trusted yet: refresh first"});
  if (!is_safe_target_path(target_path))
    return error->set(Status::argument, target_path, {"is no path of a target"});
  GUARDRANK_TRY(begin(now_micros, error));
  is_finding_ = true;
  if (!held_.has_room()) held_.clear();
  if (search_.begin(target_path) != Status::ok) {
    finish(Status::memory);
  } else {
    start();
  }
  return Status::ok;
}

Status MetadataClient::check_serving() {
  GUARDRANK_TRY(check_expired(*root_));
  for (const MetadataDocument* document : serving_) GUARDRANK_TRY(check_expired(*document));
  return Status::ok;
}

void MetadataClient::search() {
  if (const Status status = check_serving(); status != Status::ok) return finish(status);
  is_finding_ = true;
  vouched_until_ = expires_micros();
  look_into(*serving_[n_levels - 1], true);
}

// Top-level targets are the first step of the search.
void MetadataClient::look_into(const MetadataDocument& document, bool is_first) {
  vouched_until_ = std::min(vouched_until_, document.expires_micros());
  bool has_next = false;
  Status status = Status::ok;
  if (is_first) status = search_.next(&has_next, &delegation_, &error_);
  if (status != Status::ok) return finish(status);
  if (const JsonValue* target = document.target(search_.path()); target != nullptr)
    return found(*target, document);
  status = search_.add_delegations(document, &error_);
  if (status == Status::ok) status = search_.next(&has_next, &delegation_, &error_);
  if (status == Status::ok && !has_next)
    status = error_.set(Status::missing, search_.path(), {"no role vouches for it"});
  if (status != Status::ok) return finish(status);
  begin_delegated();
}

void MetadataClient::begin_delegated() {
  const std::string_view delegator = delegation_.delegator->role();
  delegated_ = held_.find(delegation_.role, delegator);
  if (delegated_ == nullptr) delegated_ = held_.place(delegation_.role, delegator);
  if (delegated_ == nullptr) return finish(Status::internal);
  begin_role(delegated_level);
}

void MetadataClient::have_delegated() { look_into(delegated_->document, false); }

void MetadataClient::found(const JsonValue& target, const MetadataDocument& role) {
  FileFacts facts;
  if (!read_file_facts(target, false, &facts) || facts.length < 0 || facts.hash_bytes == 0) {
    error_.set(Status::json, role.role(), {"target ", search_.path(), " must have length and a sha256 or sha512"});
    return finish(Status::json);
  }
  target_ = {search_.path(), role.role(), role.version(), facts, {}, {}, {}, vouched_until_};
  if (const JsonValue* custom = target.member("custom"); custom != nullptr) {
    const Status status = write_canonical_json(*custom, role.bytes().size(), search_.arena(),
                                               &target_.custom, &error_);
    if (status != Status::ok) return finish(status);
    read_predecessors(*custom, &target_.predecessors);
  }
  address_.clear();
  const std::size_t name_at = target_.path.rfind('/') + 1;   // 0 without a slash
  append_encoded(slice(target_.path, 0, name_at), true, &address_);
  if (root_->is_consistent_snapshot()) address_.append({hash_text(facts.hash_view()).view(), "."});
  append_encoded(slice(target_.path, name_at), true, &address_);
  target_.address = address_.view();
  finish(Status::ok);
}

}  // namespace guardrank
