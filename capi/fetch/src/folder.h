// A folder of files by key, each replaced as a whole. Several processes may share one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "capi/fetch/src/mapping.h"

namespace guardrank::fetch {

class Folder {
 public:
  // Makes the folder if it is not there and removes what a killed process left half written; one that is
  // read-only will do. When there is none and none can be made: throws std::system_error if it is
  // required, else every read, write and removal fails for the same reason.
  explicit Folder(const std::string& path, bool is_required = true);
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  // `key` is a relative path of [a-z0-9._/-], no part of it starting with a dot; any other is refused
  // with EINVAL. Each gives 0 or an errno.
  // A key with a slash at its end gives the names and sizes of the files there, a line for each.
  int read(std::string_view key, std::uint64_t max_bytes, std::vector<std::uint8_t>* bytes) const;
  // The same of a file, mapped in place of read.
  int map(std::string_view key, std::uint64_t max_bytes, std::shared_ptr<const Mapping>* mapping) const;
  // Written beside, flushed, renamed, and the folder flushed: after a crash the old bytes or the new.
  int write(std::string_view key, const std::uint8_t* bytes, std::size_t size);
  // 0 as well when it is not there. A key with a slash at its end: every file in that folder.
  int remove(std::string_view key);

 private:
  void sweep() const;
  int list(std::string_view key, std::uint64_t max_bytes, std::vector<std::uint8_t>* bytes) const;
  int remove_below(std::string_view key);

  int folder_ = -1;
  int problem_ = 0;                      // why there is none
};

}  // namespace guardrank::fetch
