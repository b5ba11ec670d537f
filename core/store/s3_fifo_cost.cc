// S3-FIFO (s3_fifo.cc) with queues as published and other tests at their ends, for entries whose
// sizes and miss costs differ by orders of magnitude. An entry's worth is
//     uses x miss cost / bytes,
// uses being halved every `half_life_uses` of the cache and kept by ghosts. A newcomer at the end of
// the first queue, or a ghost that returns, enters a full main queue only if it is worth more than
// what it would push out: the least worth of the oldest `compared` there. Those that were compared
// and stay go round again, so that every entry comes up.
#include <algorithm>

#include "core/store/cache_policy.h"

namespace guardrank {
namespace {

constexpr std::uint32_t one_use = 256;      // halving keeps fractions

std::uint32_t aged_uses(const CacheEntry& entry, std::uint32_t period) {
  const std::uint32_t halvings = period - entry.period;
  return halvings > 31 ? 0 : entry.uses >> halvings;
}

std::uint32_t this_period(const CacheState& state) {
  return static_cast<std::uint32_t>(state.n_uses / state.tuning.half_life_uses);
}

double worth(const CacheState& state, std::uint32_t slot) {
  const CacheEntry& entry = state.entries[slot];
  const double bytes = static_cast<double>(entry.bytes == 0 ? 1 : entry.bytes);
  return aged_uses(entry, this_period(state)) * static_cast<double>(entry.miss_cost) / bytes;
}

void use(CacheState* state, std::uint32_t slot) {
  CacheEntry& entry = state->entries[slot];
  const std::uint32_t period = this_period(*state);
  entry.uses = std::min(aged_uses(entry, period), UINT32_MAX - one_use) + one_use;
  entry.period = period;
}

void leave(CacheState* state, std::uint32_t slot) { state->queue_leave(slot); }

bool main_has_room(const CacheState& state, std::uint64_t bytes) {
  const std::uint64_t most = state.budget_bytes - state.first_bytes();
  const std::uint64_t taken = state.queues[static_cast<int>(CacheQueue::main)].bytes;
  return bytes <= most && taken <= most - bytes;
}

// Of the oldest in main that are not pinned; no_slot when all are.
std::uint32_t least_worth(CacheState* state) {
  std::uint32_t least = no_slot;
  double least_seen = 0;
  const std::uint32_t size = state->queue(CacheQueue::main).size;
  for (std::uint32_t i = 0; i < size && (i < state->tuning.compared || least == no_slot); ++i) {
    const std::uint32_t slot = state->queue(CacheQueue::main).oldest;
    state->queue_leave(slot);
    state->queue_push(CacheQueue::main, slot);
    if (state->entries[slot].pins != 0) continue;
    const double seen = worth(*state, slot);
    if (least != no_slot && seen >= least_seen) continue;
    least = slot;
    least_seen = seen;
  }
  return least;
}

std::uint32_t to_ghost(CacheState* state, std::uint32_t slot) {
  state->queue_leave(slot);
  state->queue_push(CacheQueue::ghost, slot);
  return slot;
}

void to_main(CacheState* state, std::uint32_t slot) {
  state->queue_leave(slot);
  state->queue_push(CacheQueue::main, slot);
}

void admit(CacheState* state, std::uint32_t slot, bool returns) {
  if (!returns) {
    state->entries[slot].uses = 0;
    state->entries[slot].period = 0;
  }
  use(state, slot);
  bool is_main = returns && main_has_room(*state, state->entries[slot].bytes);
  if (returns && !is_main) {
    const std::uint32_t least = least_worth(state);
    is_main = least != no_slot && worth(*state, slot) > worth(*state, least);
  }
  state->queue_push(is_main ? CacheQueue::main : CacheQueue::first, slot);
}

// One of the first queue leaves, or pushes one out of main, or finds room there (no_slot).
std::uint32_t settle_first(CacheState* state, std::uint32_t slot) {
  if (main_has_room(*state, state->entries[slot].bytes)) {
    to_main(state, slot);
    return no_slot;
  }
  const std::uint32_t least = least_worth(state);
  if (least == no_slot || worth(*state, least) >= worth(*state, slot)) return to_ghost(state, slot);
  to_main(state, slot);
  return to_ghost(state, least);
}

std::uint32_t evict(CacheState* state) {
  for (;;) {
    if (state->queue(CacheQueue::first).bytes <= state->first_bytes()) {
      const std::uint32_t least = least_worth(state);
      if (least != no_slot) return to_ghost(state, least);
    }
    const std::uint32_t slot = state->oldest_unpinned(CacheQueue::first);
    if (slot == no_slot) return to_ghost(state, least_worth(state));
    const std::uint32_t evicted = settle_first(state, slot);
    if (evicted != no_slot) return evicted;
  }
}

}  // namespace

const CachePolicy s3_fifo_cost_policy = {"s3_fifo_cost", admit, use, evict, leave, nullptr, 2,
                                         false};

}  // namespace guardrank
