// Memory for plain structs that hold spans and views: everything lives until the holder goes.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "core/base/arena.h"

namespace guardrank::pack {

// malloc and free behind the engine's allocator interface.
Allocator system_allocator();

// Movable holder of an arena; what it hands out stays where it is when the holder moves.
class Memory {
 public:
  explicit Memory(std::size_t limit_bytes = SIZE_MAX);

  Arena& arena() { return *arena_; }
  // Copies; throws PackError with Status::memory when there is none.
  std::string_view text(std::string_view text);
  template <typename T>
  std::span<T> copy(const std::vector<T>& values) {
    std::span<T> out = make<T>(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) out[i] = values[i];
    return out;
  }
  template <typename T>
  std::span<T> make(std::size_t count) {
    std::span<T> out;
    check(arena_->make(count, &out));
    return out;
  }

 private:
  static void check(Status status);
  std::unique_ptr<Arena> arena_;
};

}  // namespace guardrank::pack
