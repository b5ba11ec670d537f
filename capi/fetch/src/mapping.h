// Files as the system shows them, in place of copies. Whoever may write to such a file changes what was
// verified, and whoever cuts it short ends the process (SIGBUS): only for folders that nobody else writes to.
#pragma once

#include <cstddef>
#include <map>
#include <memory>

#include "core/store/need.h"

namespace guardrank::fetch {

// Read-only, until this goes; the file may be unlinked or replaced meanwhile. From any thread.
class Mapping {
 public:
  // 0 or an errno; a file of no bytes is refused (EINVAL).
  static int open(int file, std::size_t size, std::shared_ptr<const Mapping>* mapping);
  ~Mapping();
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  Bytes bytes() const { return bytes_; }

 private:
  explicit Mapping(Bytes bytes) : bytes_(bytes) {}

  Bytes bytes_;
};

// Those that a store has on loan. One thread at a time.
class Mappings {
 public:
  // Kept until the loan ends, or `take_back`.
  Loan lend(std::shared_ptr<const Mapping> mapping);
  void take_back(Bytes bytes) { lent_.erase(bytes.data()); }
  // Null for bytes that are no mapping.
  std::shared_ptr<const Mapping> find(Bytes bytes) const;

 private:
  std::map<const std::uint8_t*, std::shared_ptr<const Mapping>> lent_;   // by where they begin
};

}  // namespace guardrank::fetch
