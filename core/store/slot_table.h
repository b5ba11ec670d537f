// Slots that are taken and given back, up to a capacity. The table has room for the busiest of stores; its
// memory is touched as far as this one needs it.
#pragma once

#include <cstdint>
#include <span>

#include "core/base/arena.h"
#include "core/store/digest_index.h"

namespace guardrank {

template <typename Slot>
class SlotTable {
 public:
  Status open(std::uint32_t capacity, Arena* arena) {
    n_made_ = 0;
    free_ = no_slot;
    GUARDRANK_TRY(arena->make_uninitialised(capacity, &slots_));
    return arena->make_uninitialised(capacity, &next_free_);
  }

  std::uint32_t capacity() const { return static_cast<std::uint32_t>(slots_.size()); }
  bool is_full() const { return free_ == no_slot && n_made_ == slots_.size(); }

  // One that was given back, else the first that never was in use; as new. Not of a full table.
  std::uint32_t take() {
    const bool is_fresh = free_ == no_slot;
    const std::uint32_t slot = is_fresh ? n_made_++ : free_;
    if (!is_fresh) free_ = next_free_[slot];
    slots_[slot] = {};
    return slot;
  }
  // Until it is taken again it reads as it was left.
  void give_back(std::uint32_t slot) {
    next_free_[slot] = free_;
    free_ = slot;
  }

  // Whether it was ever taken: others hold nothing.
  bool has(std::uint32_t slot) const { return slot < n_made_; }
  Slot& operator[](std::uint32_t slot) { return slots_[slot]; }
  const Slot& operator[](std::uint32_t slot) const { return slots_[slot]; }
  // The place of a slot of this table.
  std::uint32_t place(const Slot* slot) const { return static_cast<std::uint32_t>(slot - slots_.data()); }

 private:
  std::span<Slot> slots_;
  std::span<std::uint32_t> next_free_;     // of slots that were given back
  std::uint32_t n_made_ = 0;               // of slots_, initialised
  std::uint32_t free_ = no_slot;
};

}  // namespace guardrank
