// The memory of what a snapshot keeps of its catalog. It may be given back while others rank: rankings
// that began before finish with it, those that begin later do without.
#pragma once

#include <atomic>
#include <cstdint>

#include "core/engine/snapshot.h"

namespace guardrank {

class KeptMemory {
 public:
  // Whether it may be read; `leave` follows in either case.
  bool enter();
  void leave(Snapshot* snapshot);
  // No ranking begins with it any more, and whoever reads it last gives it back. Whether this call
  // brought that about.
  bool drop(Snapshot* snapshot);

 private:
  void release(Snapshot* snapshot);

  // A reader counts itself before it looks at `is_dropped_`, and `drop` sets that before it looks at
  // the readers; in one order of all of them (the default of these operations) one sees the other.
  std::atomic<std::uint32_t> n_readers_{0};
  std::atomic<bool> is_dropped_{false};
  std::atomic<bool> is_released_{false};
};

}  // namespace guardrank
