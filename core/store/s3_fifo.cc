// S3-FIFO: newcomers pass a small queue first, and what is used there goes on to the main one; who
// leaves early is remembered as a ghost and, on coming back, starts in the main queue. Source: Yang,
// Zhang, Qiu, Yue, Rashmi, "FIFO queues are all you need for cache eviction", SOSP 2023. Here queues
// are measured in bytes instead of entries, and pinned entries are passed over.
#include "core/store/cache_policy.h"

namespace guardrank {
namespace {

constexpr std::uint32_t most_uses = 3;      // two bits, as published
constexpr std::uint32_t uses_to_stay = 2;

void admit(CacheState* state, std::uint32_t slot, bool returns) {
  state->entries[slot].uses = 0;
  state->queue_push(returns ? CacheQueue::main : CacheQueue::first, slot);
}

void use(CacheState* state, std::uint32_t slot) {
  if (state->entries[slot].uses < most_uses) ++state->entries[slot].uses;
}

void leave(CacheState* state, std::uint32_t slot) { state->queue_leave(slot); }

// Used entries go round again, with one use less.
std::uint32_t evict_main(CacheState* state) {
  for (;;) {
    const std::uint32_t slot = state->oldest_unpinned(CacheQueue::main);
    if (slot == no_slot) return no_slot;
    state->queue_leave(slot);
    if (state->entries[slot].uses == 0) return slot;
    --state->entries[slot].uses;
    state->queue_push(CacheQueue::main, slot);
  }
}

std::uint32_t evict_first(CacheState* state) {
  for (;;) {
    const std::uint32_t slot = state->oldest_unpinned(CacheQueue::first);
    if (slot == no_slot) return no_slot;
    state->queue_leave(slot);
    if (state->entries[slot].uses < uses_to_stay) {
      state->queue_push(CacheQueue::ghost, slot);
      return slot;
    }
    state->entries[slot].uses = 0;
    state->queue_push(CacheQueue::main, slot);
    if (state->queue(CacheQueue::main).bytes > state->budget_bytes - state->first_bytes())
      return evict_main(state);
  }
}

std::uint32_t evict(CacheState* state) {
  const bool is_first = state->queue(CacheQueue::first).bytes >= state->first_bytes();
  const std::uint32_t slot = is_first ? evict_first(state) : evict_main(state);
  if (slot != no_slot) return slot;
  return is_first ? evict_main(state) : evict_first(state);
}

}  // namespace

const CachePolicy s3_fifo_policy = {"s3_fifo", admit, use, evict, leave, nullptr, 10, true};

}  // namespace guardrank
