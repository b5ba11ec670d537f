// Which of many slots is due first: a binary heap of times, in one arena.
#pragma once

#include <cstdint>
#include <span>

#include "core/base/arena.h"

namespace guardrank {

class TimeHeap {
 public:
  // Slots number from 0 to `capacity` - 1. Memory is touched up to the highest slot that had a time.
  Status open(std::uint32_t capacity, Arena* arena);

  // Sets when a slot is due, in place of an earlier time.
  void set(std::uint32_t slot, std::int64_t at_micros);
  // No effect when the slot has no time.
  void clear(std::uint32_t slot);

  bool empty() const { return size_ == 0; }
  std::uint32_t first() const { return order_[0]; }
  std::int64_t first_at() const { return items_[order_[0]].at; }
  bool is_due(std::int64_t now_micros) const { return size_ != 0 && first_at() <= now_micros; }

 private:
  struct Item {
    std::int64_t at = 0;
    std::uint32_t place = UINT32_MAX;      // in order_; UINT32_MAX: has no time
  };
  bool is_before(std::uint32_t a, std::uint32_t b) const;
  void put(std::uint32_t place, std::uint32_t slot);
  void settle(std::uint32_t place, std::uint32_t slot);

  std::span<Item> items_;                  // by slot
  std::span<std::uint32_t> order_;
  std::uint32_t n_slots_ = 0;              // of items_, those that are initialised
  std::uint32_t size_ = 0;
};

}  // namespace guardrank
