// The heap as an allocator without a count, for tests that hold memory themselves.
#pragma once

#include <new>

#include "core/base/arena.h"

namespace guardrank::testing {

inline const Allocator heap = {
    nullptr,
    [](void*, std::size_t size, std::size_t alignment) {
      return ::operator new(size, std::align_val_t{alignment}, std::nothrow);
    },
    [](void*, void* memory, std::size_t, std::size_t alignment) {
      ::operator delete(memory, std::align_val_t{alignment});
    }};

}  // namespace guardrank::testing
