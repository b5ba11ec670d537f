// A host's memory with a limit over everything that is taken through it.
#pragma once

#include <cstddef>

#include "core/base/arena.h"

namespace guardrank {

class CountedMemory {
 public:
  CountedMemory(const Allocator& host, std::size_t limit) : host_(host), limit_(limit) {}
  CountedMemory(const CountedMemory&) = delete;
  CountedMemory& operator=(const CountedMemory&) = delete;

  Allocator allocator() { return {this, &CountedMemory::take, &CountedMemory::give_back}; }
  std::size_t used_bytes() const { return used_; }

 private:
  static void* take(void* user, std::size_t size, std::size_t alignment) {
    auto* self = static_cast<CountedMemory*>(user);
    if (size > self->limit_ - self->used_) return nullptr;
    void* memory = self->host_.allocate(self->host_.user, size, alignment);
    if (memory != nullptr) self->used_ += size;
    return memory;
  }
  static void give_back(void* user, void* memory, std::size_t size, std::size_t alignment) {
    auto* self = static_cast<CountedMemory*>(user);
    self->used_ -= size;
    self->host_.release(self->host_.user, memory, size, alignment);
  }

  Allocator host_;
  std::size_t limit_;
  std::size_t used_ = 0;
};

}  // namespace guardrank
