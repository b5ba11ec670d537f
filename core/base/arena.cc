#include "core/base/arena.h"

#include <algorithm>

namespace guardrank {

namespace {

// Chunks start on a cache line, so that a kernel's arrays may be 64-byte aligned.
constexpr std::size_t chunk_alignment = 64;
// Smallest chunk asked of the host, and the most that a chunk takes beyond what is needed.
constexpr std::size_t smallest_chunk = std::size_t{16} << 10;
constexpr std::size_t largest_reserve = std::size_t{4} << 20;

constexpr std::size_t round_up(std::size_t value, std::size_t alignment) {
  return (value + alignment - 1) & ~(alignment - 1);
}

}  // namespace

// Stands at the start of its own memory; the first is the one that is being filled.
struct alignas(chunk_alignment) Arena::Chunk {
  Chunk* next;
  std::size_t size;   // bytes from the host, this header included
  std::size_t used;   // likewise

  unsigned char* bytes() { return reinterpret_cast<unsigned char*>(this); }
};

void Arena::open(const Allocator& allocator, std::size_t limit_bytes) {
  release();
  allocator_ = allocator;
  limit_ = limit_bytes;
  peak_ = 0;
}

void* Arena::allocate(std::size_t bytes, std::size_t alignment) {
  // Leaves room for every sum below.
  if (bytes > SIZE_MAX / 2) return nullptr;
  Chunk* chunk = chunks_;
  std::size_t start = chunk == nullptr ? 0 : round_up(chunk->used, alignment);
  if (chunk == nullptr || start > chunk->size || bytes > chunk->size - start) {
    chunk = add_chunk(bytes);
    if (chunk == nullptr) return nullptr;
    start = chunk->used;
  }
  used_ += start + bytes - chunk->used;
  chunk->used = start + bytes;
  peak_ = std::max(peak_, used_);
  return chunk->bytes() + start;
}

// A chunk with room for `bytes` at its start. Grows with what is held already, within the limit.
Arena::Chunk* Arena::add_chunk(std::size_t bytes) {
  if (allocator_.allocate == nullptr || reserved_ > limit_) return nullptr;
  const std::size_t room = limit_ - reserved_;
  const std::size_t least = round_up(bytes + sizeof(Chunk), chunk_alignment);
  if (least > room) return nullptr;
  const std::size_t extra = std::clamp(reserved_, smallest_chunk, largest_reserve);
  const std::size_t wanted = bytes >= extra ? least : std::max(least, extra);
  std::size_t size = std::min(wanted, room) & ~(chunk_alignment - 1);
  void* memory = allocator_.allocate(allocator_.user, size, chunk_alignment);
  if (memory == nullptr && size > least) {
    size = least;
    memory = allocator_.allocate(allocator_.user, size, chunk_alignment);
  }
  if (memory == nullptr) return nullptr;
  reserved_ += size;
  chunks_ = ::new (memory) Chunk{chunks_, size, sizeof(Chunk)};
  return chunks_;
}

void Arena::reset() {
  used_ = 0;
  if (chunks_ == nullptr) return;
  if (chunks_->next == nullptr) {
    chunks_->used = sizeof(Chunk);
    return;
  }
  // One chunk for all: whatever fitted in the parts fits in the whole, at the same alignments.
  const std::size_t total = reserved_;
  release();
  add_chunk(total - sizeof(Chunk));
}

void Arena::release() {
  while (chunks_ != nullptr) {
    Chunk* next = chunks_->next;
    if (allocator_.release != nullptr) {
      allocator_.release(allocator_.user, chunks_, chunks_->size, chunk_alignment);
    }
    chunks_ = next;
  }
  used_ = 0;
  reserved_ = 0;
}

}  // namespace guardrank
