// The memory of what a snapshot keeps of its catalog. It may be given back while others rank: rankings
// that began before finish with it, those that begin later do without.
#pragma once

#include <atomic>
#include <cstdint>

#include "core/engine/snapshot.h"

namespace guardrank {

class KeptMemory {
 public:
  // Whether it may be read; if so, `leave` follows.
  bool enter(Snapshot* snapshot);
  void leave(Snapshot* snapshot);
  // No ranking begins with it any more, and whoever reads it last gives it back. Whether this call
  // brought that about.
  bool drop(Snapshot* snapshot);

 private:
  static constexpr std::uint32_t dropped = 1, one_reader = 2;

  void release(Snapshot* snapshot);

  // The readers, in twos, and whether it was dropped: in one word, so that nobody who begins between a
  // look at the one and a look at the other is missed. After the drop it only becomes less, but for those
  // who find that they come too late.
  std::atomic<std::uint32_t> state_{0};
  std::atomic<bool> is_released_{false};   // `state_` may come to `dropped` more than once
};

}  // namespace guardrank
