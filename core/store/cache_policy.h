// Which entry a full cache gives up. A policy is a row of functions over the cache's state; all
// state is allocated when the cache is opened.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "core/base/arena.h"
#include "core/store/digest_index.h"

namespace guardrank {

enum class PolicyKind : std::uint8_t { s3_fifo_cost = 0, s3_fifo = 1, lru = 2, lfu = 3, gdsf = 4 };

// Where an entry stands. A ghost is remembered (its id, size and uses) and its bytes are gone.
enum class CacheQueue : std::uint8_t { none = 0, first = 1, main = 2, ghost = 3 };

struct CacheEntry {
  std::uint64_t bytes = 0;
  std::uint64_t miss_cost = 0;        // micros that a miss takes; only ratios matter
  double priority = 0;                // of lfu and gdsf
  std::uint32_t older = no_slot;      // neighbours in its queue
  std::uint32_t newer = no_slot;
  std::uint32_t place = no_slot;      // in the heap
  std::uint32_t uses = 0;             // what of them a policy counts, it says
  std::uint32_t period = 0;           // when `uses` was last aged
  std::uint32_t pins = 0;
  CacheQueue queue = CacheQueue::none;
};

// Entries in the order in which they came.
struct EntryQueue {
  std::uint32_t oldest = no_slot;
  std::uint32_t newest = no_slot;
  std::uint32_t size = 0;
  std::uint64_t bytes = 0;
};

// How the policies may be tuned; the defaults are what tests/bench/RESULTS_TIERS.md recommends.
struct PolicyTuning {
  // s3_fifo, s3_fifo_cost: part of the budget that newcomers have to themselves. 0: the policy's,
  // 10 as published and 2.
  std::uint32_t first_percent = 0;
  // s3_fifo_cost: after so many uses of the cache, uses so far count half. 0: as many as slots.
  std::uint32_t half_life_uses = 0;
  // s3_fifo_cost: how many of the oldest are compared before one is evicted.
  std::uint32_t compared = 256;
};

// What the policies share. `index` names slots, `entries` are theirs.
struct CacheState {
  DigestIndex index;
  std::span<CacheEntry> entries;
  std::span<std::uint32_t> heap;      // slots, least priority first; lfu and gdsf
  std::uint32_t heap_size = 0;
  EntryQueue queues[4];               // by CacheQueue
  std::uint64_t budget_bytes = 0;
  std::uint64_t n_uses = 0;
  double inflation = 0;               // lfu, gdsf: the priority that was evicted last
  PolicyTuning tuning;

  EntryQueue& queue(CacheQueue which) { return queues[static_cast<int>(which)]; }
  // `queue_leave` takes an entry out of the queue it stands in, if any.
  void queue_push(CacheQueue which, std::uint32_t slot);
  void queue_leave(std::uint32_t slot);
  // The oldest entry that is not pinned; pinned ones before it are queued again as if they came
  // now. no_slot: all are pinned.
  std::uint32_t oldest_unpinned(CacheQueue which);
  // What newcomers have to themselves.
  std::uint64_t first_bytes() const { return budget_bytes / 100 * tuning.first_percent; }
};

struct CachePolicy {
  std::string_view name;
  // The entry becomes resident, in no queue yet; its bytes and cost are set. `returns`: it was a
  // ghost, and `uses` and `period` are as it left them.
  void (*admit)(CacheState* state, std::uint32_t slot, bool returns);
  // A resident entry is asked for.
  void (*use)(CacheState* state, std::uint32_t slot);
  // Takes an entry that is not pinned out of the resident ones, perhaps to be a ghost. There is one.
  std::uint32_t (*evict)(CacheState* state);
  // Takes a resident entry out.
  void (*leave)(CacheState* state, std::uint32_t slot);
  // Its last pin is gone. May be null.
  void (*unpin)(CacheState* state, std::uint32_t slot);
  std::uint32_t first_percent;
  // Ghosts stand for at most as many bytes as the budget leaves beside the newcomers; otherwise only
  // the slots bound them.
  bool bounds_ghosts;
};

extern const CachePolicy s3_fifo_cost_policy, s3_fifo_policy, lru_policy, lfu_policy, gdsf_policy;

// Null for a number that is no kind; false for a name that is none.
const CachePolicy* find_policy(PolicyKind kind);
bool parse_policy(std::string_view name, PolicyKind* kind);

}  // namespace guardrank
