#include "capi/fetch/src/border.h"

namespace guardrank::fetch {

Status read_address(const char* given, std::string_view name, std::string* address, Error* error) {
  if (given == nullptr) return Status::ok;
  *address = given;
  if (!address->starts_with("http://") && !address->starts_with("https://"))
    return error->wanted(Status::argument, name, {"an address of http or https"}, {std::string_view(*address)});
  if (address->back() != '/') *address += '/';
  return Status::ok;
}

std::string beside(const std::string& metadata, std::string_view name) {
  if (metadata.empty()) return {};
  return metadata.substr(0, metadata.rfind('/', metadata.size() - 2) + 1) + std::string(name) + "/";
}

namespace {

void read_patience(const gr_fetch_options& given, Patience* patience) {
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

}  // namespace

Status read_options(const gr_fetch_options* options, RepositoryOptions* out, Error* error) {
  gr_fetch_options known;
  GUARDRANK_TRY(guardrank::read_struct(options, "options", &known, error));
  if (known.cache_folder == nullptr)
    return error->set(Status::argument, "options.cache_folder", {"must not be NULL"});
  HostOptions& host = out->host;
  host.cache_folder = known.cache_folder;
  std::string* const addresses = host.addresses;
  GUARDRANK_TRY(read_address(known.metadata_address, "options.metadata_address", &addresses[0], error));
  addresses[1] = beside(addresses[0], "targets");
  GUARDRANK_TRY(read_address(known.targets_address, "options.targets_address", &addresses[1], error));
  host.user_agent = known.user_agent != nullptr ? known.user_agent : std::string("guardrank/") + gr_version();
  if (known.ca_file != nullptr) host.ca_file = known.ca_file;
  read_patience(known, &host.patience);
  if (known.progress != nullptr)
    host.progress = [call = known.progress, user = known.progress_user](
                        const std::string& address, std::uint64_t done, std::uint64_t total) {
      call(user, address.c_str(), done, total);
    };
  if (known.trusted_root != nullptr && known.trusted_root_size == 0)
    return error->set(Status::argument, "options.trusted_root", {"has no bytes; NULL trusts the folder's"});
  if (known.trusted_root != nullptr)
    out->trusted_root.assign(known.trusted_root, known.trusted_root + known.trusted_root_size);
  return Status::ok;
}

}  // namespace guardrank::fetch
