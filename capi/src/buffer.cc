#include "capi/src/report.h"

extern "C" {

void* gr_buffer_create(size_t size) {
  const guardrank::Allocator allocator = guardrank::default_allocator();
  return allocator.allocate(allocator.user, size == 0 ? 1 : size, guardrank::section_alignment);
}

void gr_buffer_free(void* buffer, size_t size) {
  if (buffer == nullptr) return;
  const guardrank::Allocator allocator = guardrank::default_allocator();
  allocator.release(allocator.user, buffer, size, guardrank::section_alignment);
}

}  // extern "C"
