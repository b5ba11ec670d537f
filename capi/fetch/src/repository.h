// A repository: a client of its metadata, and the host that serves it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "capi/fetch/src/host.h"
#include "core/store/metadata_client.h"

namespace guardrank::fetch {

struct RepositoryOptions {
  HostOptions host;
  std::vector<std::uint8_t> trusted_root;
};

class Repository {
 public:
  Repository(const Allocator& allocator, RepositoryOptions options);

  Status adopt(Bytes root, Error* error);
  Status refresh(RefreshKind kind, Error* error);
  Status find(std::string_view path, Error* error);
  Status download(std::string_view path, const std::string& folder, Error* error);
  void cancel();

  const MetadataClient& metadata() const { return metadata_; }
  std::string_view file_name() const { return file_name_.view(); }

 private:
  Status finish(Status begun, Error* error);
  Status fetch_target(std::vector<std::uint8_t>* bytes, Error* error);

  std::vector<std::uint8_t> trusted_root_;
  Host host_;
  MetadataClient metadata_;
  CacheKey file_name_;
};

}  // namespace guardrank::fetch
