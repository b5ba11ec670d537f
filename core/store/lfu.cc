// Least frequently used with aging: an entry's priority is its uses since it came plus the priority
// that was evicted last, so that what was popular long ago is passed by newcomers (LFU-DA). `gdsf`
// weighs each use with miss cost / bytes (GreedyDual-Size-Frequency). Source: Arlitt, Cherkasova,
// Dilley, Friedrich, Jin, "Evaluating Content Management Techniques for Web Proxy Caches", 2000.
#include "core/store/cache_policy.h"

namespace guardrank {
namespace {

// Of two priorities that are equal, the lower slot goes first: the order is total.
bool is_before(const CacheState& state, std::uint32_t a, std::uint32_t b) {
  const double x = state.entries[a].priority;
  const double y = state.entries[b].priority;
  return x < y || (x == y && a < b);
}

void place(CacheState* state, std::uint32_t at, std::uint32_t slot) {
  state->heap[at] = slot;
  state->entries[slot].place = at;
}

void sift_up(CacheState* state, std::uint32_t at, std::uint32_t slot) {
  while (at > 0) {
    const std::uint32_t parent = (at - 1) / 2;
    if (!is_before(*state, slot, state->heap[parent])) break;
    place(state, at, state->heap[parent]);
    at = parent;
  }
  place(state, at, slot);
}

void sift_down(CacheState* state, std::uint32_t at, std::uint32_t slot) {
  for (std::uint32_t child = 2 * at + 1; child < state->heap_size; child = 2 * at + 1) {
    if (child + 1 < state->heap_size &&
        is_before(*state, state->heap[child + 1], state->heap[child]))
      ++child;
    if (!is_before(*state, state->heap[child], slot)) break;
    place(state, at, state->heap[child]);
    at = child;
  }
  place(state, at, slot);
}

void push(CacheState* state, std::uint32_t slot) { sift_up(state, state->heap_size++, slot); }

void leave(CacheState* state, std::uint32_t slot) {
  const std::uint32_t at = state->entries[slot].place;
  state->entries[slot].place = no_slot;
  state->entries[slot].queue = CacheQueue::none;
  if (at == no_slot) return;
  const std::uint32_t last = state->heap[--state->heap_size];
  if (last == slot) return;
  sift_down(state, at, last);
  sift_up(state, state->entries[last].place, last);
}

void count(CacheState* state, std::uint32_t slot, double weight) {
  CacheEntry& entry = state->entries[slot];
  if (entry.uses < UINT32_MAX) ++entry.uses;
  entry.priority = state->inflation + entry.uses * weight;
}

double cost_weight(const CacheEntry& entry) {
  const std::uint64_t bytes = entry.bytes == 0 ? 1 : entry.bytes;
  return static_cast<double>(entry.miss_cost) / static_cast<double>(bytes);
}

void admit_weighed(CacheState* state, std::uint32_t slot, double weight) {
  state->entries[slot].queue = CacheQueue::main;
  state->entries[slot].uses = 0;
  count(state, slot, weight);
  push(state, slot);
}

void use_weighed(CacheState* state, std::uint32_t slot, double weight) {
  count(state, slot, weight);
  if (state->entries[slot].place != no_slot) sift_down(state, state->entries[slot].place, slot);
}

// Pinned entries that come up wait outside the heap until they are unpinned.
std::uint32_t evict(CacheState* state) {
  for (;;) {
    const std::uint32_t slot = state->heap[0];
    leave(state, slot);
    if (state->entries[slot].pins == 0) {
      state->inflation = state->entries[slot].priority;
      return slot;
    }
    state->entries[slot].queue = CacheQueue::main;
  }
}

void unpin(CacheState* state, std::uint32_t slot) {
  if (state->entries[slot].place == no_slot) push(state, slot);
}

void admit_plain(CacheState* state, std::uint32_t slot, bool) { admit_weighed(state, slot, 1); }
void use_plain(CacheState* state, std::uint32_t slot) { use_weighed(state, slot, 1); }
void admit_cost(CacheState* state, std::uint32_t slot, bool) {
  admit_weighed(state, slot, cost_weight(state->entries[slot]));
}
void use_cost(CacheState* state, std::uint32_t slot) {
  use_weighed(state, slot, cost_weight(state->entries[slot]));
}

}  // namespace

const CachePolicy lfu_policy = {"lfu", admit_plain, use_plain, evict, leave, unpin, 0, false};
const CachePolicy gdsf_policy = {"gdsf", admit_cost, use_cost, evict, leave, unpin, 0, false};

}  // namespace guardrank
