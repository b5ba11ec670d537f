// Where a blob is and what to do about it: memory, disk, origin, or known to be absent. A state
// machine of sizes and names; the bytes and the I/O are its owner's. One load per blob, however many
// wait for it.
#pragma once

#include <cstdint>

#include "core/store/cache.h"

namespace guardrank {

enum class Residence : std::uint8_t {
  memory = 0,      // in memory
  loading = 1,     // a load is under way, and has one waiter more
  disk = 2,        // a load from disk begins
  origin = 3,      // a load from the origin begins
  absent = 4,      // a short while ago it could not be had
  busy = 5,        // too many loads are under way
};

struct TierOptions {
  CacheOptions memory;
  CacheOptions disk;                             // a budget of 0: no disk
  std::uint32_t loads = 1024;                    // under way and remembered as absent, together
  std::int64_t absent_micros = 10'000'000;       // how long "absent" is believed
};

struct Found {
  Residence residence{};
  std::uint32_t slot = no_slot;    // memory: the entry's. loading, disk, origin: the load's
  std::int32_t reason = 0;         // absent: what `absent` was given
};

class TierSet {
 public:
  Status open(const TierOptions& options, const EvictionSink& memory_sink,
              const EvictionSink& disk_sink, Arena* arena);

  // Counts a use where the blob is found. A load that begins has one waiter.
  Found want(const Sha256Digest& id, std::int64_t now_micros);

  // Makes room in memory for a load: its entry is resident and pinned until the load ends. Status::
  // limit when what is pinned leaves no room, now or ever (larger than the budget).
  Status reserve(std::uint32_t load, std::uint64_t bytes, std::uint64_t miss_cost);
  // The copy on disk was missing or bad: it is forgotten, and the load goes on from the origin.
  void disk_failed(std::uint32_t load);
  // A load that has reserved room ends well. The memory entry's slot, unpinned.
  std::uint32_t loaded(std::uint32_t load);
  // Gives back what a load has reserved; it goes on.
  void unreserve(std::uint32_t load);
  // A load ends without bytes; what it had reserved is free again.
  void failed(std::uint32_t load);
  // The same, and that is believed for a while: the origin has no such blob, or did not give it after
  // many attempts. The owner may say why.
  void absent(std::uint32_t load, std::int32_t reason, std::int64_t now_micros);
  // One waiter leaves. True when it was the last; the owner may then end the load by `failed`.
  bool abandon(std::uint32_t load);
  std::uint32_t waiters(std::uint32_t load) const { return loads_[load].waiters; }
  const Sha256Digest& id(std::uint32_t load) const { return index_.id(load); }
  std::uint32_t n_loading() const { return n_loading_; }
  std::uint32_t n_loads() const { return index_.capacity(); }

  // A verified blob may be written to disk: true when it fits and is not there. The entry is pinned
  // until `written`.
  bool begin_write(const Sha256Digest& id, std::uint64_t bytes, std::uint64_t miss_cost);
  void written(const Sha256Digest& id, bool is_good);

  Cache& memory() { return memory_; }
  Cache& disk() { return disk_; }
  const Cache& memory() const { return memory_; }
  const Cache& disk() const { return disk_; }

 private:
  struct Load {
    std::int64_t absent_until = 0;
    std::int32_t reason = 0;
    std::uint32_t waiters = 0;
    std::uint32_t memory_slot = no_slot;
    std::uint32_t next_absent = no_slot;   // in the order in which they were found absent
    bool is_absent = false;
  };
  Found begin(const Sha256Digest& id);
  void expire_absent(std::int64_t now_micros);
  void forget_oldest_absent();

  Cache memory_;
  Cache disk_;
  DigestIndex index_;
  std::span<Load> loads_;
  std::int64_t absent_micros_ = 0;
  std::uint32_t oldest_absent_ = no_slot;
  std::uint32_t newest_absent_ = no_slot;
  std::uint32_t n_loading_ = 0;
};

}  // namespace guardrank
