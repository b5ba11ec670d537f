// The C functions: arguments checked, exceptions stopped.
#include <cstring>
#include <exception>
#include <memory>
#include <new>

#include "capi/fetch/include/guardrank_fetch.h"
#include "capi/fetch/src/repository.h"
#include "capi/src/report.h"

namespace fetch = guardrank::fetch;
using guardrank::Error;
using guardrank::Report;
using guardrank::Status;

struct gr_fetch_repository {
  explicit gr_fetch_repository(fetch::RepositoryOptions options)
      : repository(guardrank::default_allocator(), std::move(options)) {}
  fetch::Repository repository;
};

namespace {

template <typename Work>
gr_status at_border(Report* report, const Work& work) {
  try {
    return report->finish(work());
  } catch (const std::bad_alloc&) {
    return report->no_memory("guardrank-fetch");
  } catch (const std::exception& problem) {
    return report->finish(
        report->error()->set(Status::internal, "guardrank-fetch", {std::string_view(problem.what())}));
  } catch (...) {
    return report->finish(
        report->error()->set(Status::internal, "guardrank-fetch", {"an unknown exception"}));
  }
}

// Only plain addresses of the web, with a slash at the end.
Status read_address(const char* given, std::string_view name, std::string* address, Error* error) {
  if (given == nullptr) return Status::ok;
  *address = given;
  if (!address->starts_with("http://") && !address->starts_with("https://"))
    return error->wanted(Status::argument, name, {"an address of http or https"}, {std::string_view(*address)});
  if (address->back() != '/') *address += '/';
  return Status::ok;
}

// ".../metadata/" gives ".../targets/".
std::string beside(const std::string& metadata) {
  if (metadata.empty()) return {};
  return metadata.substr(0, metadata.rfind('/', metadata.size() - 2) + 1) + "targets/";
}

void read_patience(const gr_fetch_options& given, fetch::Patience* patience) {
  const auto micros = [](std::uint32_t milliseconds, std::int64_t* value) {
    if (milliseconds != 0) *value = std::int64_t{milliseconds} * 1000;
  };
  const auto number = [](std::uint32_t value, std::uint32_t* out) {
    if (value != 0) *out = value;
  };
  micros(given.connect_ms, &patience->connect_micros);
  micros(given.first_byte_ms, &patience->first_byte_micros);
  micros(given.whole_ms, &patience->whole_micros);
  micros(given.retry_base_ms, &patience->retry.base_micros);
  micros(given.retry_most_ms, &patience->retry.most_micros);
  number(given.slow_seconds, &patience->slow_seconds);
  number(given.slow_bytes, &patience->least_bytes_per_second);
  number(given.redirects, &patience->redirects);
  number(given.attempts, &patience->retry.attempts);
}

Status read_options(const gr_fetch_options* options, fetch::RepositoryOptions* out, Error* error) {
  gr_fetch_options known;
  GUARDRANK_TRY(guardrank::read_struct(options, "options", &known, error));
  if (known.cache_folder == nullptr)
    return error->set(Status::argument, "options.cache_folder", {"must not be NULL"});
  fetch::HostOptions& host = out->host;
  host.cache_folder = known.cache_folder;
  std::string* const addresses = host.addresses;
  GUARDRANK_TRY(read_address(known.metadata_address, "options.metadata_address", &addresses[0], error));
  addresses[1] = beside(addresses[0]);
  GUARDRANK_TRY(read_address(known.targets_address, "options.targets_address", &addresses[1], error));
  host.user_agent = known.user_agent != nullptr ? known.user_agent : std::string("guardrank/") + gr_version();
  read_patience(known, &host.patience);
  if (known.progress != nullptr)
    host.progress = [call = known.progress, user = known.progress_user](
                        const std::string& address, std::uint64_t done, std::uint64_t total) {
      call(user, address.c_str(), done, total);
    };
  if (known.trusted_root != nullptr)
    out->trusted_root.assign(known.trusted_root, known.trusted_root + known.trusted_root_size);
  return Status::ok;
}

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
