#include "models/pack/memory.h"

#include <cstdlib>
#include <cstring>

#include "models/pack/pack_error.h"

namespace guardrank::pack {
namespace {

void* allocate(void*, std::size_t size, std::size_t alignment) {
  if (alignment < sizeof(void*)) alignment = sizeof(void*);
  if (size > SIZE_MAX - alignment) return nullptr;
  return std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
}

void release(void*, void* memory, std::size_t, std::size_t) { std::free(memory); }

}  // namespace

Allocator system_allocator() { return {nullptr, allocate, release}; }

Memory::Memory(std::size_t limit_bytes)
    : arena_(std::make_unique<Arena>(system_allocator(), limit_bytes)) {}

std::string_view Memory::text(std::string_view text) {
  std::span<char> out = make<char>(text.size());
  if (!text.empty()) std::memcpy(out.data(), text.data(), text.size());
  return {out.data(), out.size()};
}

void Memory::check(Status status) {
  if (status != Status::ok) throw PackError(status, "", "out of memory");
}

}  // namespace guardrank::pack
