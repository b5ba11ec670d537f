// A bundle opened as a snapshot, and its requests one by one: what the experiments here look into.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <string_view>

#include "core/decision/pipeline.h"
#include "core/engine/snapshot.h"
#include "tests/core/support/test_memory.h"

namespace guardrank::tried {

inline TestMemory memory;
inline const Allocator heap = memory.allocator();

[[noreturn]] inline void fail(std::string_view what, std::string_view detail = {}) {
  std::fprintf(stderr, "%.*s %.*s\n", static_cast<int>(what.size()), what.data(),
               static_cast<int>(detail.size()), detail.data());
  std::exit(1);
}

inline void check(Status status, const Error& error) {
  if (status != Status::ok) fail(status_name(status), error.message());
}

class OpenedSnapshot {
 public:
  explicit OpenedSnapshot(const char* path) {
    std::ifstream file(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    if (text.empty()) fail("cannot read", path);
    void* bytes = std::aligned_alloc(64, (text.size() + 63) / 64 * 64);
    std::memcpy(bytes, text.data(), text.size());
    Error error;
    check(snapshot_.open({static_cast<const std::uint8_t*>(bytes), text.size()}, Check::structure,
                         KernelChoice::automatic, false, &error), error);
  }

  const Pipeline& pipeline() const { return snapshot_.pipeline(); }

  // Calls `visit` with each request of a file, one in JSON per line; at most `n`.
  void for_each_request(const char* path, std::size_t n,
                        const std::function<void(Request*)>& visit) const {
    std::ifstream file(path);
    if (!file) fail("cannot read", path);
    std::string line;
    for (std::size_t i = 0; i < n && std::getline(file, line); ++i) {
      if (line.empty()) continue;
      Request request(*pipeline().facts, pipeline().catalog, heap);
      Error error;
      check(read_request_json(line, &request, &error), error);
      visit(&request);
    }
  }

 private:
  Snapshot snapshot_{heap};
};

}  // namespace guardrank::tried
