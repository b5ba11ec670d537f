#include "core/store/time_heap.h"

namespace guardrank {

Status TimeHeap::open(std::uint32_t capacity, Arena* arena) {
  n_slots_ = size_ = 0;
  GUARDRANK_TRY(arena->make_uninitialised(capacity, &items_));
  return arena->make_uninitialised(capacity, &order_);
}

bool TimeHeap::is_before(std::uint32_t a, std::uint32_t b) const {
  return items_[a].at < items_[b].at || (items_[a].at == items_[b].at && a < b);
}

void TimeHeap::put(std::uint32_t place, std::uint32_t slot) {
  order_[place] = slot;
  items_[slot].place = place;
}

// Moves a slot up or down from `place` to where it belongs.
void TimeHeap::settle(std::uint32_t place, std::uint32_t slot) {
  for (; place > 0 && is_before(slot, order_[(place - 1) / 2]); place = (place - 1) / 2)
    put(place, order_[(place - 1) / 2]);
  for (std::uint32_t child = 2 * place + 1; child < size_; child = 2 * place + 1) {
    if (child + 1 < size_ && is_before(order_[child + 1], order_[child])) ++child;
    if (!is_before(order_[child], slot)) break;
    put(place, order_[child]);
    place = child;
  }
  put(place, slot);
}

void TimeHeap::set(std::uint32_t slot, std::int64_t at_micros) {
  while (n_slots_ <= slot) items_[n_slots_++] = {};
  clear(slot);
  items_[slot].at = at_micros;
  settle(size_++, slot);
}

void TimeHeap::clear(std::uint32_t slot) {
  if (slot >= n_slots_) return;
  const std::uint32_t place = items_[slot].place;
  if (place == UINT32_MAX) return;
  items_[slot].place = UINT32_MAX;
  const std::uint32_t last = order_[--size_];
  if (last != slot) settle(place, last);
}

}  // namespace guardrank
