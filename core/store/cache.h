// What one tier holds: entries by artifact id within a budget of bytes, some of them pinned. Only
// sizes are known here; the bytes themselves are the owner's.
#pragma once

#include <cstdint>

#include "core/store/cache_policy.h"

namespace guardrank {

struct CacheOptions {
  PolicyKind policy = PolicyKind::s3_fifo_cost;
  std::uint64_t budget_bytes = 0;
  std::uint32_t slots = 4096;         // entries and ghosts together
  std::uint64_t seed = 0;             // of the hash table
  PolicyTuning tuning;
};

// Told of each entry that is evicted to make room, before `admit` returns. Must not call the cache.
struct EvictionSink {
  void* user = nullptr;
  void (*evicted)(void* user, const Sha256Digest& id, std::uint32_t slot) = nullptr;
};

class Cache {
 public:
  // All memory the cache will ever use comes from `arena` here. Status::argument for an unknown
  // policy or a tuning out of range, Status::limit for slots out of range.
  Status open(const CacheOptions& options, const EvictionSink& sink, Arena* arena);

  // The slot of a resident entry; no_slot for others, ghosts too.
  std::uint32_t find(const Sha256Digest& id) const;
  // Counts a use of a resident entry.
  void use(std::uint32_t slot);

  // Makes an entry resident that is not, and evicts others as needed. no_slot, and nothing is
  // changed, when it cannot fit: larger than the budget, or than what is not pinned leaves.
  std::uint32_t admit(const Sha256Digest& id, std::uint64_t bytes, std::uint64_t miss_cost);

  // A pinned entry is never evicted. Pins are counted.
  void pin(std::uint32_t slot);
  void unpin(std::uint32_t slot);
  // Takes a resident entry out, without telling the sink. It may not be pinned.
  void remove(std::uint32_t slot);

  const CacheEntry& entry(std::uint32_t slot) const { return state_.entries[slot]; }
  const Sha256Digest& id(std::uint32_t slot) const { return state_.index.id(slot); }
  bool is_resident(std::uint32_t slot) const;
  std::uint32_t slots() const { return state_.index.capacity(); }
  std::uint32_t n_resident() const { return n_resident_; }
  std::uint64_t bytes() const { return bytes_; }
  std::uint64_t pinned_bytes() const { return pinned_bytes_; }
  std::uint64_t budget_bytes() const { return state_.budget_bytes; }

 private:
  bool can_hold(std::uint64_t bytes) const;
  std::uint32_t free_slot(const Sha256Digest& id);
  void evict_one();
  void forget_oldest_ghost();

  CacheState state_;
  const CachePolicy* policy_ = nullptr;
  EvictionSink sink_;
  std::uint64_t bytes_ = 0;
  std::uint64_t pinned_bytes_ = 0;
  std::uint32_t n_resident_ = 0;
  std::uint32_t n_pinned_ = 0;
};

}  // namespace guardrank
