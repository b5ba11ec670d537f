#include "core/store/cache_policy.h"

namespace guardrank {
namespace {

// By PolicyKind.
const CachePolicy* const policies[] = {&s3_fifo_cost_policy, &s3_fifo_policy, &lru_policy,
                                       &lfu_policy, &gdsf_policy};
constexpr std::uint32_t n_policies = sizeof policies / sizeof policies[0];

}  // namespace

const CachePolicy* find_policy(PolicyKind kind) {
  const auto at = static_cast<std::uint32_t>(kind);
  return at < n_policies ? policies[at] : nullptr;
}

bool parse_policy(std::string_view name, PolicyKind* kind) {
  for (std::uint32_t i = 0; i < n_policies; ++i) {
    if (policies[i]->name != name) continue;
    *kind = static_cast<PolicyKind>(i);
    return true;
  }
  return false;
}

void CacheState::queue_push(CacheQueue which, std::uint32_t slot) {
  EntryQueue& to = queue(which);
  CacheEntry& entry = entries[slot];
  entry.queue = which;
  entry.older = to.newest;
  entry.newer = no_slot;
  (to.newest == no_slot ? to.oldest : entries[to.newest].newer) = slot;
  to.newest = slot;
  ++to.size;
  to.bytes += entry.bytes;
}

void CacheState::queue_leave(std::uint32_t slot) {
  CacheEntry& entry = entries[slot];
  if (entry.queue == CacheQueue::none) return;
  EntryQueue& from = queue(entry.queue);
  (entry.older == no_slot ? from.oldest : entries[entry.older].newer) = entry.newer;
  (entry.newer == no_slot ? from.newest : entries[entry.newer].older) = entry.older;
  --from.size;
  from.bytes -= entry.bytes;
  entry.queue = CacheQueue::none;
}

std::uint32_t CacheState::oldest_unpinned(CacheQueue which) {
  for (std::uint32_t i = queue(which).size; i > 0; --i) {
    const std::uint32_t slot = queue(which).oldest;
    if (entries[slot].pins == 0) return slot;
    queue_leave(slot);
    queue_push(which, slot);
  }
  return no_slot;
}

}  // namespace guardrank
