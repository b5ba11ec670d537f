#include "core/store/digest_index.h"

#include <bit>

namespace guardrank {

Status DigestIndex::open(std::uint32_t capacity, std::uint64_t seed, Arena* arena) {
  if (capacity == 0 || capacity > 1u << 30) return Status::limit;
  GUARDRANK_TRY(arena->make(capacity, &links_));
  GUARDRANK_TRY(arena->make(std::bit_ceil(capacity), &buckets_));
  for (std::uint32_t& head : buckets_) head = no_slot;
  for (std::uint32_t i = capacity; i-- > 0;) {
    links_[i].next = free_;
    free_ = i;
  }
  seed_ = seed;
  return Status::ok;
}

std::uint32_t* DigestIndex::bucket(const Sha256Digest& id) const {
  return &buckets_[xxh64(std::span<const std::uint8_t>(id), seed_) & (buckets_.size() - 1)];
}

std::uint32_t DigestIndex::find(const Sha256Digest& id) const {
  std::uint32_t slot = *bucket(id);
  while (slot != no_slot && links_[slot].id != id) slot = links_[slot].next;
  return slot;
}

std::uint32_t DigestIndex::add(const Sha256Digest& id) {
  const std::uint32_t slot = free_;
  if (slot == no_slot) return no_slot;
  free_ = links_[slot].next;
  std::uint32_t* head = bucket(id);
  links_[slot] = {id, *head};
  *head = slot;
  ++size_;
  return slot;
}

void DigestIndex::remove(std::uint32_t slot) {
  std::uint32_t* link = bucket(links_[slot].id);
  while (*link != slot) link = &links_[*link].next;
  *link = links_[slot].next;
  links_[slot].next = free_;
  free_ = slot;
  --size_;
}

}  // namespace guardrank
