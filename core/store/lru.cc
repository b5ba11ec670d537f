// Least recently used: one queue, and who is asked for goes to its end.
#include "core/store/cache_policy.h"

namespace guardrank {
namespace {

void admit(CacheState* state, std::uint32_t slot, bool) {
  state->queue_push(CacheQueue::main, slot);
}

void use(CacheState* state, std::uint32_t slot) {
  state->queue_leave(slot);
  state->queue_push(CacheQueue::main, slot);
}

std::uint32_t evict(CacheState* state) {
  const std::uint32_t slot = state->oldest_unpinned(CacheQueue::main);
  state->queue_leave(slot);
  return slot;
}

void leave(CacheState* state, std::uint32_t slot) { state->queue_leave(slot); }

}  // namespace

const CachePolicy lru_policy = {"lru", admit, use, evict, leave, use, 0, false};

}  // namespace guardrank
