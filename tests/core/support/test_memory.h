// The host's side of the allocator, for tests: counts, and refuses when told to.
#pragma once

#include <cstddef>
#include <cstdlib>

#include "core/base/arena.h"

namespace guardrank {

class TestMemory {
 public:
  Allocator allocator() { return {this, &TestMemory::allocate, &TestMemory::release}; }

  std::size_t n_allocations = 0;
  std::size_t live_bytes = 0;
  std::size_t n_left = SIZE_MAX;   // requests that still succeed

 private:
  static void* allocate(void* user, std::size_t size, std::size_t alignment) {
    auto* self = static_cast<TestMemory*>(user);
    if (self->n_left == 0) return nullptr;
    --self->n_left;
    ++self->n_allocations;
    self->live_bytes += size;
    return std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
  }
  static void release(void* user, void* memory, std::size_t size, std::size_t) {
    static_cast<TestMemory*>(user)->live_bytes -= size;
    std::free(memory);
  }
};

}  // namespace guardrank
