// Bytes of artifacts, counted: the last that lets go frees them or calls the host's release.
#pragma once

#include "capi/src/handles.h"

namespace guardrank {

// Copies to 64-byte aligned memory of the host. NULL when there is none.
SharedBytes* copy_bytes(const Allocator& allocator, Bytes bytes);
// Borrows; on NULL (no memory) the caller still owes the release.
SharedBytes* borrow_bytes(const Allocator& allocator, Bytes bytes,
                          const gr_artifact_options& options);
void retain_bytes(SharedBytes* shared);
void release_bytes(SharedBytes* shared);

}  // namespace guardrank
