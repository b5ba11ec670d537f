#include "capi/src/kept_memory.h"

namespace guardrank {

bool KeptMemory::enter() {
  n_readers_.fetch_add(1);
  return !is_dropped_.load();
}

void KeptMemory::leave(Snapshot* snapshot) {
  if (n_readers_.fetch_sub(1) == 1 && is_dropped_.load()) release(snapshot);
}

bool KeptMemory::drop(Snapshot* snapshot) {
  if (is_dropped_.exchange(true)) return false;
  if (n_readers_.load() == 0) release(snapshot);
  return true;
}

// Who was counted since then does not read.
void KeptMemory::release(Snapshot* snapshot) {
  if (!is_released_.exchange(true)) snapshot->release_kept();
}

}  // namespace guardrank
