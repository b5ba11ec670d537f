#include "core/store/cache.h"

namespace guardrank {

Status Cache::open(const CacheOptions& options, const EvictionSink& sink, Arena* arena) {
  policy_ = find_policy(options.policy);
  if (policy_ == nullptr || options.tuning.first_percent > 100 || options.tuning.compared == 0)
    return Status::argument;
  GUARDRANK_TRY(state_.index.open(options.slots, options.seed, arena));
  GUARDRANK_TRY(arena->make(options.slots, &state_.entries));
  GUARDRANK_TRY(arena->make(options.slots, &state_.heap));
  state_.budget_bytes = options.budget_bytes;
  state_.tuning = options.tuning;
  if (state_.tuning.first_percent == 0) state_.tuning.first_percent = policy_->first_percent;
  if (state_.tuning.half_life_uses == 0) state_.tuning.half_life_uses = options.slots;
  sink_ = sink;
  return Status::ok;
}

bool Cache::is_resident(std::uint32_t slot) const {
  const CacheQueue queue = state_.entries[slot].queue;
  return queue == CacheQueue::first || queue == CacheQueue::main;
}

std::uint32_t Cache::find(const Sha256Digest& id) const {
  const std::uint32_t slot = state_.index.find(id);
  return slot != no_slot && is_resident(slot) ? slot : no_slot;
}

void Cache::use(std::uint32_t slot) {
  ++state_.n_uses;
  policy_->use(&state_, slot);
}

// What is not pinned can all be evicted, so this decides.
bool Cache::can_hold(std::uint64_t bytes) const {
  return bytes <= state_.budget_bytes && pinned_bytes_ <= state_.budget_bytes - bytes &&
         n_pinned_ < state_.index.capacity();
}

std::uint32_t Cache::admit(const Sha256Digest& id, std::uint64_t bytes, std::uint64_t miss_cost) {
  if (!can_hold(bytes)) return no_slot;
  ++state_.n_uses;
  std::uint32_t slot = state_.index.find(id);
  const bool returns = slot != no_slot;
  if (returns) state_.queue_leave(slot);    // so that it is not forgotten for those evicted below
  while (bytes_ > state_.budget_bytes - bytes) evict_one();
  if (!returns) slot = free_slot(id);
  CacheEntry& entry = state_.entries[slot];
  entry.bytes = bytes;
  entry.miss_cost = miss_cost;
  policy_->admit(&state_, slot, returns);
  bytes_ += bytes;
  ++n_resident_;
  return slot;
}

std::uint32_t Cache::free_slot(const Sha256Digest& id) {
  while (state_.index.size() == state_.index.capacity()) {
    if (state_.queue(CacheQueue::ghost).size == 0)
      evict_one();
    else
      forget_oldest_ghost();
  }
  const std::uint32_t slot = state_.index.add(id);
  state_.entries[slot] = {};
  return slot;
}

void Cache::forget_oldest_ghost() {
  const std::uint32_t slot = state_.queue(CacheQueue::ghost).oldest;
  state_.queue_leave(slot);
  state_.index.remove(slot);
}

void Cache::evict_one() {
  const std::uint32_t slot = policy_->evict(&state_);
  bytes_ -= state_.entries[slot].bytes;
  --n_resident_;
  if (sink_.evicted != nullptr) sink_.evicted(sink_.user, state_.index.id(slot), slot);
  if (state_.entries[slot].queue == CacheQueue::none) state_.index.remove(slot);
  if (!policy_->bounds_ghosts) return;
  const std::uint64_t most = state_.budget_bytes - state_.first_bytes();
  while (state_.queue(CacheQueue::ghost).bytes > most) forget_oldest_ghost();
}

void Cache::pin(std::uint32_t slot) {
  if (state_.entries[slot].pins++ != 0) return;
  pinned_bytes_ += state_.entries[slot].bytes;
  ++n_pinned_;
}

void Cache::unpin(std::uint32_t slot) {
  if (--state_.entries[slot].pins != 0) return;
  pinned_bytes_ -= state_.entries[slot].bytes;
  --n_pinned_;
  if (policy_->unpin != nullptr) policy_->unpin(&state_, slot);
}

void Cache::remove(std::uint32_t slot) {
  policy_->leave(&state_, slot);
  bytes_ -= state_.entries[slot].bytes;
  --n_resident_;
  state_.index.remove(slot);
}

}  // namespace guardrank
