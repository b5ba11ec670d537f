#include "core/store/tier_set.h"

#include "core/base/math.h"

namespace guardrank {

Status TierSet::open(const TierOptions& options, const EvictionSink& memory_sink,
                     const EvictionSink& disk_sink, Arena* arena) {
  if (options.absent_micros < 0) return Status::argument;
  GUARDRANK_TRY(memory_.open(options.memory, memory_sink, arena));
  GUARDRANK_TRY(disk_.open(options.disk, disk_sink, arena));
  GUARDRANK_TRY(index_.open(options.loads, options.memory.seed, arena));
  absent_micros_ = options.absent_micros;
  return arena->make(options.loads, &loads_);
}

Found TierSet::want(const Sha256Digest& id, std::int64_t now_micros) {
  expire_absent(now_micros);
  const std::uint32_t load = index_.find(id);
  if (load != no_slot) {
    if (loads_[load].is_absent) return {Residence::absent, no_slot, loads_[load].reason};
    ++loads_[load].waiters;
    if (loads_[load].memory_slot != no_slot) memory_.use(loads_[load].memory_slot);
    return {Residence::loading, load, 0};
  }
  const std::uint32_t slot = memory_.find(id);
  if (slot == no_slot) return begin(id);
  memory_.use(slot);
  return {Residence::memory, slot, 0};
}

Found TierSet::begin(const Sha256Digest& id) {
  if (index_.size() == index_.capacity() && oldest_absent_ != no_slot) forget_oldest_absent();
  const std::uint32_t load = index_.add(id);
  if (load == no_slot) return {Residence::busy, no_slot, 0};
  loads_[load] = {};
  loads_[load].waiters = 1;
  ++n_loading_;
  const std::uint32_t slot = disk_.find(id);
  // What is being written is not there yet.
  if (slot == no_slot || disk_.entry(slot).pins != 0) return {Residence::origin, load, 0};
  disk_.use(slot);
  return {Residence::disk, load, 0};
}

Status TierSet::reserve(std::uint32_t load, std::uint64_t bytes, std::uint64_t miss_cost) {
  const std::uint32_t slot = memory_.admit(index_.id(load), bytes, miss_cost);
  if (slot == no_slot) return Status::limit;
  memory_.pin(slot);
  loads_[load].memory_slot = slot;
  return Status::ok;
}

void TierSet::disk_failed(std::uint32_t load) {
  const std::uint32_t slot = disk_.find(index_.id(load));
  if (slot != no_slot && disk_.entry(slot).pins == 0) disk_.remove(slot);
}

std::uint32_t TierSet::loaded(std::uint32_t load) {
  const std::uint32_t slot = loads_[load].memory_slot;
  memory_.unpin(slot);
  index_.remove(load);
  --n_loading_;
  return slot;
}

void TierSet::unreserve(std::uint32_t load) {
  const std::uint32_t slot = loads_[load].memory_slot;
  if (slot == no_slot) return;
  memory_.unpin(slot);
  memory_.remove(slot);
  loads_[load].memory_slot = no_slot;
}

void TierSet::failed(std::uint32_t load) {
  unreserve(load);
  index_.remove(load);
  --n_loading_;
}

void TierSet::absent(std::uint32_t load, std::int32_t reason, std::int64_t now_micros) {
  const Sha256Digest id = index_.id(load);
  failed(load);
  const std::uint32_t slot = index_.add(id);     // the one that has just become free
  loads_[slot] = {};
  loads_[slot].is_absent = true;
  loads_[slot].reason = reason;
  if (!add_checked(now_micros, absent_micros_, &loads_[slot].absent_until))
    loads_[slot].absent_until = INT64_MAX;
  (newest_absent_ == no_slot ? oldest_absent_ : loads_[newest_absent_].next_absent) = slot;
  newest_absent_ = slot;
}

// Each is believed for the same time, so the oldest expires first. A clock that was set back makes
// them expire later, by at most as much.
void TierSet::expire_absent(std::int64_t now_micros) {
  while (oldest_absent_ != no_slot && loads_[oldest_absent_].absent_until <= now_micros)
    forget_oldest_absent();
}

void TierSet::forget_oldest_absent() {
  const std::uint32_t slot = oldest_absent_;
  oldest_absent_ = loads_[slot].next_absent;
  if (oldest_absent_ == no_slot) newest_absent_ = no_slot;
  index_.remove(slot);
}

bool TierSet::abandon(std::uint32_t load) { return --loads_[load].waiters == 0; }

bool TierSet::begin_write(const Sha256Digest& id, std::uint64_t bytes, std::uint64_t miss_cost) {
  if (disk_.find(id) != no_slot) return false;
  const std::uint32_t slot = disk_.admit(id, bytes, miss_cost);
  if (slot != no_slot) disk_.pin(slot);
  return slot != no_slot;
}

void TierSet::written(const Sha256Digest& id, bool is_good) {
  const std::uint32_t slot = disk_.find(id);
  if (slot == no_slot) return;
  disk_.unpin(slot);
  if (!is_good) disk_.remove(slot);
}

}  // namespace guardrank
