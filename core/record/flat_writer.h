// Writes FlatBuffers front to back into a buffer that grows in an arena: deterministic, and without
// operator new, which the library's own builder needs. A reference is patched when its target is
// written later, as offsets may only point forward. Layout: the "FlatBuffers internals" page of
// google/flatbuffers. Positions are bytes from the start of the buffer.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>

#include "core/base/arena.h"
#include "core/base/status.h"

namespace guardrank {

// A table type: where its fields stand. `n_bytes` 0 leaves a field out.
struct FlatLayout {
  static constexpr std::size_t max_fields = 24;
  std::uint32_t vtable = 0;                    // position
  std::uint32_t n_bytes = 0;                   // of a table, its link to the vtable included
  std::uint16_t alignment = 4;
  std::uint16_t fields[max_fields] = {};       // byte of each field within the table
};

// After a failure (memory, or a buffer of 2 GiB and more) everything is dropped and `status` says
// so; the calls may go on.
class FlatWriter {
 public:
  FlatWriter(Arena* arena, std::string_view identifier);   // four characters

  // Writes the vtable of a type whose fields have these sizes (1, 2, 4 or 8; 0: absent).
  FlatLayout layout(std::span<const std::uint8_t> sizes);

  // A zeroed table; gives its position.
  std::uint32_t table(const FlatLayout& layout);

  template <typename T>
  void scalar(std::uint32_t table, const FlatLayout& layout, std::size_t field, T value) {
    static_assert(std::is_arithmetic_v<T>);
    store(table + layout.fields[field], &value, sizeof(T));
  }

  // Points the reference at `place` (a field's or an element's position) at `target`.
  void refer(std::uint32_t place, std::uint32_t target);
  void refer(std::uint32_t table, const FlatLayout& layout, std::size_t field,
             std::uint32_t target) {
    refer(table + layout.fields[field], target);
  }
  void root(std::uint32_t table) { refer(0, table); }

  std::uint32_t string(std::string_view text);
  template <typename T>
  std::uint32_t vector(std::span<const T> values) {
    static_assert(std::is_arithmetic_v<T>);
    const std::uint32_t position = begin_vector(values.size(), sizeof(T));
    append(values.data(), values.size_bytes());
    return position;
  }
  // `count` references, to be pointed with `refer(element(vector, i), target)`.
  std::uint32_t references(std::size_t count);
  static std::uint32_t element(std::uint32_t vector, std::size_t index) {
    return vector + 4 + 4 * static_cast<std::uint32_t>(index);
  }

  Status status() const { return status_; }
  std::span<const std::uint8_t> bytes() const { return {bytes_, size_}; }

 private:
  std::uint32_t begin_vector(std::size_t count, std::size_t element_bytes);
  void append(const void* values, std::size_t n_bytes);
  void append_zeros(std::size_t n_bytes);
  void align(std::size_t alignment, std::size_t after);
  void store(std::uint32_t position, const void* value, std::size_t n_bytes);
  bool reserve(std::size_t more);

  Arena* arena_;
  std::uint8_t* bytes_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
  Status status_ = Status::ok;
};

}  // namespace guardrank
