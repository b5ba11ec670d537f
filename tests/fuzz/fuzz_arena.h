// Memory for one fuzz input: malloc with a budget, so that a hostile size is seen as a refusal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>

#include "core/base/arena.h"

namespace guardrank::fuzz {

inline constexpr std::size_t budget_bytes = std::size_t{64} << 20;

inline void* allocate(void*, std::size_t size, std::size_t alignment) {
  return std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
}
inline void release(void*, void* memory, std::size_t, std::size_t) { std::free(memory); }
inline Allocator allocator() { return {nullptr, allocate, release}; }

// The input at a 64-byte boundary and exactly as long, so that the sanitizer sees a read past it.
class AlignedInput {
 public:
  AlignedInput(const std::uint8_t* data, std::size_t size) : size_(size) {
    bytes_ = static_cast<std::uint8_t*>(std::aligned_alloc(64, (size + 63) / 64 * 64 + 64));
    if (size != 0) std::memcpy(bytes_, data, size);
  }
  ~AlignedInput() { std::free(bytes_); }
  AlignedInput(const AlignedInput&) = delete;
  AlignedInput& operator=(const AlignedInput&) = delete;
  std::span<const std::uint8_t> view() const { return {bytes_, size_}; }

 private:
  std::uint8_t* bytes_;
  std::size_t size_;
};

}  // namespace guardrank::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
