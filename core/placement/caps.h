// Caps: how many offers with the same value of a fact may stand in the first positions.
#pragma once

#include "core/placement/placement.h"
#include "core/placement/value_groups.h"

namespace guardrank {

// Knows for every row which caps forbid it, so that asking costs one mask.
class CapTracker {
 public:
  Status open(const PlacementPlan& plan, Frame* frame);

  // Whether `row` may stand at `slot` (from 1) next to what has been placed.
  bool allows(std::uint32_t row, std::uint32_t slot) const {
    return blocked_.empty() || (blocked_[row] & active(slot)) == 0;
  }
  // The caps that bind at `slot`, a bit each: only ever fewer from one slot to the next. While they
  // are the same, a row that is not allowed stays so.
  std::uint64_t active(std::uint32_t slot) const {
    if (slot != active_slot_) find_active(slot);
    return active_;
  }
  // Counts a placed row. Linear in the group that it fills.
  void place(std::uint32_t row, std::uint32_t slot);

 private:
  // A group's rows are chained from `first`, by code, over `next`, by row; `no_row` ends it.
  struct Tracked {
    ValueGroups groups;
    std::span<std::uint32_t> counts;   // by code
    std::span<std::uint32_t> first, next;
    std::uint32_t max = 0, within = 0;
  };

  void find_active(std::uint32_t slot) const;
  void block(std::size_t cap, std::uint32_t code);

  std::span<Tracked> caps_;
  std::span<std::uint64_t> blocked_;   // by row: a bit per cap whose group is full
  mutable std::uint32_t active_slot_ = 0;
  mutable std::uint64_t active_ = 0;
};

}  // namespace guardrank
