// The module's memory, in place of Emscripten's emmalloc: linear memory above the program's own, in
// blocks, grown without an import (the JavaScript side notices a replaced buffer by itself); and a trap
// in place of a process exit. Free blocks stand in a list by address, the first that fits is taken, and
// neighbours are joined: the engine asks for few and large blocks, so the list stays short.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

extern "C" unsigned char __heap_base;   // the linker's: memory is free from here on

namespace {

constexpr std::size_t unit = 16;        // of sizes and places; a block's header takes one
constexpr std::size_t page_bytes = 64u << 10;
constexpr std::size_t failed = ~std::size_t{0};

struct Block {
  std::size_t size = 0;                 // with the header
  Block* next = nullptr;                // of a free block
};

Block blocks;                           // before all others, and never next to one
bool is_open = false;

std::size_t round_up(std::size_t value, std::size_t step) { return (value + step - 1) & ~(step - 1); }

std::uintptr_t place_of(const Block* block) { return reinterpret_cast<std::uintptr_t>(block); }
std::uintptr_t end_of(const Block* block) { return place_of(block) + block->size; }

void join_next(Block* block) {
  const Block* next = block->next;
  if (next == nullptr || end_of(block) != place_of(next)) return;
  block->size += next->size;
  block->next = next->next;
}

void give(std::uintptr_t place, std::size_t size) {
  Block* before = &blocks;
  while (before->next != nullptr && place_of(before->next) < place) before = before->next;
  auto* block = reinterpret_cast<Block*>(place);
  block->size = size;
  block->next = before->next;
  before->next = block;
  join_next(block);
  join_next(before);
}

// More memory from the host: `size` bytes less what is free at the end.
bool grow(std::size_t size) {
  const std::size_t n_pages = __builtin_wasm_memory_size(0);
  const Block* last = &blocks;
  while (last->next != nullptr) last = last->next;
  if (end_of(last) == n_pages * page_bytes) size -= last->size;
  const std::size_t n_more = (size + page_bytes - 1) / page_bytes;
  if (__builtin_wasm_memory_grow(0, n_more) == failed) return false;
  give(n_pages * page_bytes, n_more * page_bytes);
  return true;
}

void open() {
  const std::uintptr_t first = round_up(reinterpret_cast<std::uintptr_t>(&__heap_base), unit);
  const std::uintptr_t end = __builtin_wasm_memory_size(0) * page_bytes;
  if (first < end) give(first, end - first);
  is_open = true;
}

// The first free block with room for `size` bytes, header included, whose first byte after the header
// is aligned; null: there is none. What remains before and behind it stays free.
void* take(std::size_t alignment, std::size_t size) {
  for (Block *before = &blocks, *block = before->next; block != nullptr;
       before = block, block = block->next) {
    const std::uintptr_t bytes = round_up(place_of(block) + unit, alignment);
    const std::size_t lead = bytes - unit - place_of(block);
    if (lead > block->size || size > block->size - lead) continue;
    if (const std::size_t rest = block->size - lead - size; rest != 0) {
      auto* behind = reinterpret_cast<Block*>(bytes - unit + size);
      behind->size = rest;
      behind->next = block->next;
      block->next = behind;
    }
    if (lead != 0) block->size = lead;
    else before->next = block->next;
    reinterpret_cast<Block*>(bytes - unit)->size = size;
    return reinterpret_cast<void*>(bytes);
  }
  return nullptr;
}

}  // namespace

extern "C" {

// `alignment`: a power of two up to 64.
void* aligned_alloc(std::size_t alignment, std::size_t size) {
  constexpr std::size_t room = unit + 64;          // for the header, and to align what follows it
  if (size > failed / 2) return nullptr;
  if (!is_open) open();
  size = round_up(size, unit) + unit;
  if (void* bytes = take(alignment, size); bytes != nullptr) return bytes;
  return grow(size + room) ? take(alignment, size) : nullptr;
}

void free(void* bytes) {
  if (bytes == nullptr) return;
  const std::uintptr_t place = reinterpret_cast<std::uintptr_t>(bytes) - unit;
  give(place, reinterpret_cast<const Block*>(place)->size);
}

void abort() { __builtin_trap(); }

}  // extern "C"
