#include "capi/src/shared_bytes.h"

#include <cstring>

namespace guardrank {

SharedBytes* copy_bytes(const Allocator& allocator, Bytes bytes) {
  // At least one byte, so that an empty file has an address too.
  const std::size_t size = bytes.empty() ? 1 : bytes.size();
  auto* copy =
      static_cast<std::uint8_t*>(allocator.allocate(allocator.user, size, section_alignment));
  if (copy == nullptr) return nullptr;
  if (!bytes.empty()) std::memcpy(copy, bytes.data(), bytes.size());
  auto* shared = create_handle<SharedBytes>(allocator);
  if (shared == nullptr) {
    allocator.release(allocator.user, copy, size, section_alignment);
    return nullptr;
  }
  shared->allocator = allocator;
  shared->bytes = {copy, bytes.size()};
  shared->copied_bytes = size;
  return shared;
}

SharedBytes* borrow_bytes(const Allocator& allocator, Bytes bytes,
                          const gr_artifact_options& options) {
  auto* shared = create_handle<SharedBytes>(allocator);
  if (shared == nullptr) return nullptr;
  shared->allocator = allocator;
  shared->bytes = bytes;
  shared->release = options.release;
  shared->release_user = options.release_user;
  return shared;
}

void retain_bytes(SharedBytes* shared) { shared->count.fetch_add(1, std::memory_order_relaxed); }

void release_bytes(SharedBytes* shared) {
  if (shared->count.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  const Bytes bytes = shared->bytes;
  if (shared->copied_bytes != 0) {
    shared->allocator.release(shared->allocator.user, const_cast<std::uint8_t*>(bytes.data()),
                              shared->copied_bytes, section_alignment);
  } else {
    shared->release(shared->release_user, bytes.data(), bytes.size());
  }
  free_handle(shared->allocator, shared);
}

}  // namespace guardrank
