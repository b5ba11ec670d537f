// Where the store learns what a release's name stands for now. The client of the signed metadata is
// one source; a host that pins its releases is another.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/artifact/container.h"

namespace guardrank {

struct FoundRelease {
  Status status = Status::ok;          // why it failed
  Bytes bytes;                         // a release artifact that was verified, 64-byte aligned
  Bytes before;                        // the one that served before it, likewise; may be empty
  std::uint64_t revision = 0;          // another one for other bytes
  std::int64_t expires_micros = 0;     // it serves until then, stale or not
};

enum class FoundState : std::uint8_t { pending = 0, ready = 1, failed = 2 };

struct ReleaseSource {
  void* user = nullptr;
  // What is known now. While a newer version is looked for, the old one is `ready`. After `pending`
  // the store asks again each time it is asked for needs. The bytes are read before this is called
  // again.
  FoundState (*find)(void* user, std::string_view name, std::int64_t now_micros,
                     FoundRelease* found) = nullptr;
};

}  // namespace guardrank
