// What the module takes from its host's memory, in place of Emscripten's versions: growing without
// an import (the JavaScript side notices a replaced buffer by itself), a trap in place of a process
// exit, and aligned allocation that asks the system for what it needs and no more.
#include <cstddef>
#include <cstdlib>

extern "C" {

void* emmalloc_memalign(std::size_t alignment, std::size_t size);

// Called by sbrk with the end of the memory that it wants. 1 on success.
int emscripten_resize_heap(std::size_t wanted_bytes) {
  constexpr std::size_t page_bytes = 64u << 10;
  constexpr std::size_t failed = ~std::size_t{0};
  const std::size_t pages = __builtin_wasm_memory_size(0);
  const std::size_t wanted = wanted_bytes / page_bytes + (wanted_bytes % page_bytes != 0);
  return wanted <= pages || __builtin_wasm_memory_grow(0, wanted - pages) != failed;
}

// emmalloc of Emscripten 3.1.6 claims `size` bytes without room to align them, fails to place the
// block, and claims as much again. A free block that has the room spares that: emmalloc puts it at
// the head of its list. (Compiled with -fno-builtin: a malloc that is only freed must stay.)
void* aligned_alloc(std::size_t alignment, std::size_t size) {
  if (size > ~std::size_t{0} - alignment) return nullptr;
  void* room = std::malloc(size + alignment);
  if (room == nullptr) return nullptr;
  std::free(room);
  return emmalloc_memalign(alignment, size);
}

void abort() { __builtin_trap(); }

}  // extern "C"
