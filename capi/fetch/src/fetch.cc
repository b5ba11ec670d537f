// The C functions of a repository.
#include <cstring>
#include <memory>

#include "capi/fetch/src/border.h"

namespace fetch = guardrank::fetch;
using fetch::at_border;
using fetch::read_options;
using guardrank::Report;
using guardrank::Status;

struct gr_fetch_repository {
  explicit gr_fetch_repository(fetch::RepositoryOptions options)
      : repository(guardrank::default_allocator(), std::move(options)) {}
  fetch::Repository repository;
};

namespace {

void fill(const guardrank::TargetFacts& facts, gr_fetch_target* target) {
  target->path = guardrank::as_text(facts.path);
  target->role = guardrank::as_text(facts.role);
  target->role_version = facts.role_version;
  target->length = static_cast<uint64_t>(facts.facts.length);
  target->hash_bytes = facts.facts.hash_bytes;
  std::memcpy(target->hash, facts.facts.hash.data(), facts.facts.hash_bytes);
  target->custom = guardrank::as_text(facts.custom);
}

}  // namespace

extern "C" {

gr_status gr_fetch_open(const gr_fetch_options* options, gr_fetch_repository** repository,
                        gr_error** error) {
  Report report(error);
  if (options == nullptr) return report.null("options");
  if (repository == nullptr) return report.null("repository");
  return at_border(&report, [&] {
    fetch::RepositoryOptions read;
    GUARDRANK_TRY(read_options(options, &read, report.error()));
    *repository = std::make_unique<gr_fetch_repository>(std::move(read)).release();
    return Status::ok;
  });
}

void gr_fetch_free(gr_fetch_repository* repository) { delete repository; }

gr_status gr_fetch_adopt(gr_fetch_repository* repository, const uint8_t* root, size_t size,
                         gr_error** error) {
  Report report(error);
  if (repository == nullptr) return report.null("repository");
  if (root == nullptr) return report.null("root");
  return at_border(&report, [&] { return repository->repository.adopt({root, size}, report.error()); });
}

gr_status gr_fetch_refresh(gr_fetch_repository* repository, gr_fetch_refresh_kind kind, gr_error** error) {
  Report report(error);
  if (repository == nullptr) return report.null("repository");
  return at_border(&report, [&] {
    if (kind < GR_FETCH_FULL || kind > GR_FETCH_CACHED)
      return report.error()->set(Status::argument, "kind", {"is no kind of refresh"});
    return repository->repository.refresh(static_cast<guardrank::RefreshKind>(kind), report.error());
  });
}

gr_status gr_fetch_find(gr_fetch_repository* repository, const char* path, size_t size,
                        gr_fetch_target* target, gr_error** error) {
  Report report(error);
  if (repository == nullptr) return report.null("repository");
  if (path == nullptr) return report.null("path");
  return at_border(&report, [&] {
    GUARDRANK_TRY(repository->repository.find({path, size}, report.error()));
    if (target == nullptr) return Status::ok;
    gr_fetch_target known{};
    fill(repository->repository.metadata().target(), &known);
    if (guardrank::write_struct(known, target) == GR_STATUS_OK) return Status::ok;
    return report.error()->set(Status::struct_size, "target.struct_size", {"is no size of it"});
  });
}

gr_status gr_fetch_download(gr_fetch_repository* repository, const char* path, size_t size,
                            const char* folder, gr_text* name, gr_error** error) {
  Report report(error);
  if (repository == nullptr) return report.null("repository");
  if (path == nullptr) return report.null("path");
  if (folder == nullptr) return report.null("folder");
  return at_border(&report, [&] {
    GUARDRANK_TRY(repository->repository.download({path, size}, folder, report.error()));
    if (name != nullptr) *name = guardrank::as_text(repository->repository.file_name());
    return Status::ok;
  });
}

gr_status gr_fetch_describe(const gr_fetch_repository* repository, gr_fetch_state* state) {
  if (repository == nullptr) return GR_STATUS_ARGUMENT;
  const guardrank::MetadataClient& metadata = repository->repository.metadata();
  gr_fetch_state known{};
  known.root = metadata.version(guardrank::MetadataKind::root);
  known.timestamp = metadata.version(guardrank::MetadataKind::timestamp);
  known.snapshot = metadata.version(guardrank::MetadataKind::snapshot);
  known.targets = metadata.version(guardrank::MetadataKind::targets);
  known.expires_micros = metadata.expires_micros();
  return guardrank::write_struct(known, state);
}

void gr_fetch_cancel(gr_fetch_repository* repository) {
  if (repository != nullptr) repository->repository.cancel();
}

}  // extern "C"
