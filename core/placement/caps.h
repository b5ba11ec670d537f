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
  // Counts a placed row. Linear in the rows when it fills a group.
  void place(std::uint32_t row, std::uint32_t slot);

 private:
  struct Tracked {
    ValueGroups groups;
    std::span<std::uint32_t> counts;   // by code
    std::uint32_t max = 0, within = 0;
  };

  // The caps that still bind at a slot.
  std::uint64_t active(std::uint32_t slot) const {
    if (slot != active_slot_) find_active(slot);
    return active_;
  }
  void find_active(std::uint32_t slot) const;
  void block(std::size_t cap, std::uint32_t code);

  std::span<Tracked> caps_;
  std::span<std::uint64_t> blocked_;   // by row: a bit per cap whose group is full
  mutable std::uint32_t active_slot_ = 0;
  mutable std::uint64_t active_ = 0;
};

}  // namespace guardrank
