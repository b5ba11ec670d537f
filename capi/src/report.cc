#include "capi/src/report.h"

#include <cstdlib>

namespace guardrank {
namespace {

void* allocate_default(void*, std::size_t size, std::size_t alignment) {
  // aligned_alloc wants a multiple of the alignment, and an alignment that it supports.
  const std::size_t step = alignment < sizeof(void*) ? sizeof(void*) : alignment;
  if (size > SIZE_MAX - step) return nullptr;
  return std::aligned_alloc(step, (size + step - 1) / step * step);
}

void release_default(void*, void* memory, std::size_t, std::size_t) { std::free(memory); }

template <std::size_t Capacity>
void copy_text(std::string_view text, char (&out)[Capacity]) {
  const std::size_t size = text.size() < Capacity ? text.size() : Capacity - 1;
  if (size != 0) std::memcpy(out, text.data(), size);
  out[size] = 0;
}

// NULL when there is no memory even for that.
gr_error* create_error(const Allocator& allocator, const Error& error) {
  auto* created = create_handle<gr_error>(allocator);
  if (created == nullptr) return nullptr;
  created->allocator = allocator;
  created->error = error;
  copy_text(error.message(), created->message);
  copy_text(error.where(), created->where);
  copy_text(error.expected(), created->expected);
  copy_text(error.found(), created->found);
  return created;
}

}  // namespace

Allocator default_allocator() { return {nullptr, allocate_default, release_default}; }

gr_status Report::finish(Status status) {
  if (status != Status::ok && error_.code() == Status::ok) {
    error_.set(status, "", {status_name(status)});
  }
  if (out_ != nullptr) *out_ = status == Status::ok ? nullptr : create_error(allocator_, error_);
  return static_cast<gr_status>(status);
}

gr_status Report::null(std::string_view argument) {
  return finish(error_.set(Status::argument, argument, {"must not be NULL"}));
}

gr_status Report::no_memory(std::string_view what) {
  return finish(error_.no_memory(what));
}

Status read_sized(const void* given, std::string_view name, void* known, std::size_t known_bytes,
                  Error* error) {
  std::memset(known, 0, known_bytes);
  if (given == nullptr) return Status::ok;
  std::uint32_t size = 0;
  std::memcpy(&size, given, sizeof size);
  if (size < sizeof size) {
    return error->wanted(Status::struct_size, name, {"struct_size of at least ", sizeof size},
                         {size});
  }
  std::memcpy(known, given, size < known_bytes ? size : known_bytes);
  const auto* bytes = static_cast<const unsigned char*>(given);
  for (std::size_t i = known_bytes; i < size; ++i) {
    if (bytes[i] == 0) continue;
    return error->wanted(Status::struct_size, name,
                         {"zeros after the ", known_bytes, " bytes that this version knows"},
                         {"a value at byte ", i});
  }
  return Status::ok;
}

bool write_sized(const void* known, std::size_t known_bytes, void* out) {
  std::uint32_t size = 0;
  std::memcpy(&size, out, sizeof size);
  if (size < sizeof size) return false;
  const std::size_t shared = size < known_bytes ? size : known_bytes;
  auto* bytes = static_cast<unsigned char*>(out);
  std::memcpy(bytes + sizeof size, static_cast<const unsigned char*>(known) + sizeof size,
              shared - sizeof size);
  if (size > known_bytes) std::memset(bytes + known_bytes, 0, size - known_bytes);
  return true;
}

}  // namespace guardrank
