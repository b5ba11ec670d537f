#include "capi/src/kept_memory.h"

namespace guardrank {

bool KeptMemory::enter(Snapshot* snapshot) {
  if ((state_.fetch_add(one_reader) & dropped) == 0) return true;
  leave(snapshot);
  return false;
}

void KeptMemory::leave(Snapshot* snapshot) {
  if (state_.fetch_sub(one_reader) == one_reader + dropped) release(snapshot);
}

bool KeptMemory::drop(Snapshot* snapshot) {
  const std::uint32_t before = state_.fetch_or(dropped);
  if (before == 0) release(snapshot);
  return (before & dropped) == 0;
}

void KeptMemory::release(Snapshot* snapshot) {
  if (!is_released_.exchange(true)) snapshot->release_kept();
}

}  // namespace guardrank
