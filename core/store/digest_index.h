// Which slot of a bounded table an artifact id has: a chained hash table in one arena. Slots number
// from 0 and are reused; what a slot holds is its owner's, in arrays beside this one.
#pragma once

#include <cstdint>
#include <span>

#include "core/base/arena.h"
#include "core/base/hash.h"

namespace guardrank {

inline constexpr std::uint32_t no_slot = UINT32_MAX;

class DigestIndex {
 public:
  // Room for `capacity` ids, at least 1 and at most 2^30. The seed keeps whoever chooses ids from
  // choosing buckets.
  Status open(std::uint32_t capacity, std::uint64_t seed, Arena* arena);

  // no_slot when the id is not there.
  std::uint32_t find(const Sha256Digest& id) const;
  // Adds an id that is not there yet. no_slot when the table is full.
  std::uint32_t add(const Sha256Digest& id);
  void remove(std::uint32_t slot);

  const Sha256Digest& id(std::uint32_t slot) const { return links_[slot].id; }
  std::uint32_t size() const { return size_; }
  std::uint32_t capacity() const { return static_cast<std::uint32_t>(links_.size()); }

 private:
  struct Link {
    Sha256Digest id{};
    std::uint32_t next = no_slot;    // of the bucket, or of the free slots
  };
  std::uint32_t* bucket(const Sha256Digest& id) const;

  std::span<Link> links_;
  std::span<std::uint32_t> buckets_;
  std::uint64_t seed_ = 0;
  std::uint32_t free_ = no_slot;
  std::uint32_t size_ = 0;
};

}  // namespace guardrank
