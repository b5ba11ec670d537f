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
};

void Arena::open(const Allocator& allocator, std::size_t limit_bytes) {
  release();
  allocator_ = allocator;
  limit_ = limit_bytes;
  peak_ = 0;
}

void* Arena::allocate_in_new_chunk(std::size_t bytes) {
  // Leaves room for every sum below.
  if (bytes > SIZE_MAX / 2 || !add_chunk(bytes)) return nullptr;
  next_ = first_ + bytes;
  return reinterpret_cast<void*>(first_);
}

// A chunk with room for `bytes` at its start. Grows with what is held already, within the limit.
bool Arena::add_chunk(std::size_t bytes) {
  if (allocator_.allocate == nullptr || reserved_ > limit_) return false;
  const std::size_t room = limit_ - reserved_;
  const std::size_t least = round_up(bytes + sizeof(Chunk), chunk_alignment);
  if (least > room) return false;
  const std::size_t extra = std::clamp(reserved_, smallest_chunk, largest_reserve);
  const std::size_t wanted = bytes >= extra ? least : std::max(least, extra);
  std::size_t size = std::min(wanted, room) & ~(chunk_alignment - 1);
  void* memory = allocator_.allocate(allocator_.user, size, chunk_alignment);
  if (memory == nullptr && size > least) {
    size = least;
    memory = allocator_.allocate(allocator_.user, size, chunk_alignment);
  }
  if (memory == nullptr) {
    is_refused_ = true;
    return false;
  }
  reserved_ += size;
  used_ = used_bytes();
  chunks_ = ::new (memory) Chunk{chunks_, size};
  fill(chunks_);
  return true;
}

void Arena::fill(Chunk* chunk) {
  first_ = next_ = reinterpret_cast<std::uintptr_t>(chunk) + sizeof(Chunk);
  end_ = reinterpret_cast<std::uintptr_t>(chunk) + chunk->size;
}

void Arena::reset() {
  peak_ = peak_bytes();
  used_ = 0;
  is_refused_ = false;
  if (chunks_ == nullptr) return;
  if (chunks_->next == nullptr) return fill(chunks_);
  // One chunk for all: whatever fitted in the parts fits in the whole, at the same alignments.
  const std::size_t total = reserved_;
  release();
  add_chunk(total - sizeof(Chunk));
  is_refused_ = false;   // parts may still do
}

void Arena::release() {
  peak_ = peak_bytes();
  while (chunks_ != nullptr) {
    Chunk* next = chunks_->next;
    if (allocator_.release != nullptr) {
      allocator_.release(allocator_.user, chunks_, chunks_->size, chunk_alignment);
    }
    chunks_ = next;
  }
  first_ = next_ = chunk_alignment;
  end_ = 0;
  used_ = 0;
  reserved_ = 0;
}

}  // namespace guardrank
