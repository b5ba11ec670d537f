// Memory from the host, handed out in order and returned all at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <new>
#include <type_traits>

#include "core/base/status.h"

namespace guardrank {

// The host's memory. `allocate` returns null when it has none; both are called from the thread
// that called the engine. `alignment` is a power of two up to 64.
struct Allocator {
  void* user = nullptr;
  void* (*allocate)(void* user, std::size_t size, std::size_t alignment) = nullptr;
  void (*release)(void* user, void* memory, std::size_t size, std::size_t alignment) = nullptr;
};

// A bump allocator over chunks. After `reset` the memory is kept: when several chunks were in use
// they are replaced by one as large as all of them on the first later `reset`, so a session that
// repeats its work stops asking the host for memory. Destructors are never run.
class Arena {
 public:
  Arena() = default;
  Arena(const Allocator& allocator, std::size_t limit_bytes) { open(allocator, limit_bytes); }
  ~Arena() { release(); }
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  void open(const Allocator& allocator, std::size_t limit_bytes);

  // Null when the limit is crossed or the host refuses. `alignment`: a power of two up to 64.
  void* allocate(std::size_t bytes, std::size_t alignment) {
    const std::uintptr_t start = (next_ + alignment - 1) & ~(alignment - 1);
    if (start > end_ || bytes > end_ - start) return allocate_in_new_chunk(bytes);
    next_ = start + bytes;
    return reinterpret_cast<void*>(start);
  }

  // `count` value-initialised elements. Status::memory when there is no room; `out` is then empty.
  template <typename T>
  Status make(std::size_t count, std::span<T>* out) {
    static_assert(std::is_trivially_destructible_v<T>);
    *out = {};
    if (count == 0) return Status::ok;
    if (count > SIZE_MAX / sizeof(T)) return Status::memory;
    void* memory = allocate(count * sizeof(T), alignof(T));
    if (memory == nullptr) return Status::memory;
    T* first = static_cast<T*>(memory);
    for (std::size_t i = 0; i < count; ++i) ::new (static_cast<void*>(first + i)) T();
    *out = {first, count};
    return Status::ok;
  }

  // Like `make`, but 64-byte aligned and not initialised: for arrays that a stage overwrites.
  template <typename T>
  Status make_uninitialised(std::size_t count, std::span<T>* out) {
    static_assert(std::is_trivially_default_constructible_v<T> ||
                  std::is_trivially_copyable_v<T>);
    *out = {};
    if (count == 0) return Status::ok;
    if (count > SIZE_MAX / sizeof(T)) return Status::memory;
    void* memory = allocate(count * sizeof(T), 64);
    if (memory == nullptr) return Status::memory;
    *out = {static_cast<T*>(memory), count};
    return Status::ok;
  }

  // Forgets everything handed out, keeps the memory.
  void reset();
  // Gives all memory back to the host.
  void release();

  std::size_t used_bytes() const { return used_ + (next_ - first_); }
  std::size_t reserved_bytes() const { return reserved_; }
  // Whether the host has refused memory since the last `reset`.
  bool is_refused() const { return is_refused_; }
  std::size_t peak_bytes() const { return peak_ > used_bytes() ? peak_ : used_bytes(); }

 private:
  struct Chunk;
  void* allocate_in_new_chunk(std::size_t bytes);
  bool add_chunk(std::size_t bytes);
  void fill(Chunk* chunk);

  Allocator allocator_{};
  std::size_t limit_ = 0;
  bool is_refused_ = false;
  // Of the chunk being filled: its first byte, the first that is free, and its end. No chunk: no room
  // for any size, nor for none.
  std::uintptr_t first_ = 64, next_ = 64, end_ = 0;
  std::size_t used_ = 0;           // bytes handed out of the chunks before it
  std::size_t reserved_ = 0;
  std::size_t peak_ = 0;           // when it was last filled anew
  Chunk* chunks_ = nullptr;
};

}  // namespace guardrank
