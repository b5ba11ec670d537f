// Whether a snapshot's bytes are those that its ids name.
#pragma once

#include "capi/src/handles.h"

namespace guardrank {

// Hashes every section of its artifacts, unless that was done before (Status::hash).
inline Status verify_once(const gr_snapshot& snapshot, Error* error) {
  if (snapshot.is_verified.load(std::memory_order_acquire)) return Status::ok;
  GUARDRANK_TRY(snapshot.snapshot.verify(error));
  snapshot.is_verified.store(true, std::memory_order_release);
  return Status::ok;
}

}  // namespace guardrank
