#include "capi/fetch/src/repository.h"

#include <system_error>

namespace guardrank::fetch {

namespace {

// Of the one fetch that is no need of the client; its own count from 1.
constexpr std::uint64_t target_id = std::uint64_t{1} << 63;
constexpr std::int64_t one_second = 1'000'000;

Status stopped(Error* error) {
  return error->set(Status::deadline, "repository", {"was told to stop"});
}

}  // namespace

Repository::Repository(const Allocator& allocator, RepositoryOptions options)
    : trusted_root_(std::move(options.trusted_root)), host_(std::move(options.host)),
      metadata_(allocator, {trusted_root_}) {}

void Repository::cancel() { host_.stop(); }

// Serves the operation that was begun, and tells how it ended.
Status Repository::finish(Status begun, Error* error) {
  if (begun != Status::ok) return begun;
  if (!serve(&host_, &metadata_)) {
    host_.withdraw_all();
    host_.go_on();
    metadata_.cancel();
  }
  if (metadata_.status() != Status::ok) *error = metadata_.error();
  return metadata_.status();
}

Status Repository::adopt(Bytes root, Error* error) {
  host_.follow_clock();
  return finish(metadata_.adopt(root, host_.now(), error), error);
}

Status Repository::refresh(RefreshKind kind, Error* error) {
  host_.follow_clock();
  GUARDRANK_TRY(finish(metadata_.refresh(kind, host_.now(), error), error));
  if (metadata_.is_stored()) return Status::ok;
  return error->set(Status::internal, metadata_.unstored(),
                    {"cannot be written: all is verified and serves, and is forgotten with this process"});
}

Status Repository::find(std::string_view path, Error* error) {
  host_.follow_clock();
  return finish(metadata_.find(path, host_.now(), error), error);
}

Status Repository::fetch_target(std::vector<std::uint8_t>* bytes, Error* error) {
  const TargetFacts& target = metadata_.target();
  Need need;
  need.id = target_id;
  need.kind = NeedKind::fetch;
  need.origin = Origin::targets;
  need.path = target.address;
  need.max_bytes = static_cast<std::uint64_t>(target.facts.length);
  host_.start(need);
  Completion completion;
  while (!host_.wait(one_second, &completion)) {
    if (!host_.is_stopped()) continue;
    host_.withdraw_all();
    host_.go_on();
    return stopped(error);
  }
  if (completion.outcome == Outcome::too_large)
    return error->set(Status::hash, target.path, {"is larger than ", target.facts.length, " bytes"});
  if (completion.outcome != Outcome::done)
    return error->set(Status::network, target.address, {std::string_view(completion.detail)});
  *bytes = std::move(completion.bytes);
  return check_file_facts(target.facts, *bytes, target.path, error);
}

Status Repository::download(std::string_view path, const std::string& folder, Error* error) {
  GUARDRANK_TRY(find(path, error));
  const TargetFacts& target = metadata_.target();
  file_name_.clear();
  append_cache_name(target.path, &file_name_);
  Folder files(folder);
  std::vector<std::uint8_t> bytes;
  Error ignored;
  if (files.read(file_name_.view(), static_cast<std::uint64_t>(target.facts.length), &bytes) == 0 &&
      check_file_facts(target.facts, bytes, target.path, &ignored) == Status::ok)
    return Status::ok;
  GUARDRANK_TRY(fetch_target(&bytes, error));
  if (const int problem = files.write(file_name_.view(), bytes.data(), bytes.size()); problem != 0)
    return error->set(Status::internal, file_name_.view(),
                      {"cannot be written: ", std::string_view(std::generic_category().message(problem))});
  return Status::ok;
}

}  // namespace guardrank::fetch
