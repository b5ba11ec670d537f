// What is asked of a snapshot before it is used: that it is prepared, and that its bytes are those which its ids
// name.
#pragma once

#include "capi/src/handles.h"

namespace guardrank {

// Status::argument where gr_snapshot_prepare has steps left.
inline Status check_prepared(const gr_snapshot& snapshot, Error* error) {
  if (snapshot.is_ready) return Status::ok;
  return error->set(Status::argument, "snapshot", {"gr_snapshot_prepare has steps left"});
}

// Hashes every section of its artifacts, unless that was done before (Status::hash).
inline Status verify_once(const gr_snapshot& snapshot, Error* error) {
  if (snapshot.is_verified.load(std::memory_order_acquire)) return Status::ok;
  GUARDRANK_TRY(snapshot.snapshot.verify(error));
  snapshot.is_verified.store(true, std::memory_order_release);
  return Status::ok;
}

}  // namespace guardrank
