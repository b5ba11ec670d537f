// Failures on their way out: arguments checked by name, statuses with an owned error object, option
// structs that may be older or newer than the library.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

#include "capi/src/handles.h"
#include "core/base/math.h"

namespace guardrank {

// malloc and free, aligned.
Allocator default_allocator();

// One call: the engine's arithmetic while it lasts, and its failure. `out` is where the caller wants its
// error object; may be NULL.
class Report {
 public:
  explicit Report(gr_error** out) : allocator_(default_allocator()), out_(out) {}
  Report(const Allocator& allocator, gr_error** out) : allocator_(allocator), out_(out) {}

  Error* error() { return &error_; }
  void use(const Allocator& allocator) { allocator_ = allocator; }

  // Gives the status as the C interface does, and the error object with it.
  gr_status finish(Status status);
  // GR_STATUS_ARGUMENT: "<argument>: must not be NULL".
  gr_status null(std::string_view argument);
  gr_status no_memory(std::string_view what);

 private:
  FloatingPointEnvironment environment_;   // numbers are read and written in a call, too
  Allocator allocator_;
  gr_error** out_;
  Error error_;
};

// What the library knows of a caller's struct: the caller's bytes, zero (default) where its struct is
// older. Status::struct_size when it is newer and says something that the library does not know; what
// is known has been read even then.
Status read_sized(const void* given, std::string_view name, void* known, std::size_t known_bytes,
                  Error* error);
template <typename Struct>
Status read_struct(const Struct* given, std::string_view name, Struct* known, Error* error) {
  static_assert(std::is_trivially_copyable_v<Struct> && offsetof(Struct, struct_size) == 0);
  return read_sized(given, name, known, sizeof(Struct), error);
}

// Fills a caller's struct as far as it goes. False when its struct_size cannot be one.
bool write_sized(const void* known, std::size_t known_bytes, void* out);
template <typename Struct>
gr_status write_struct(Struct known, Struct* out) {
  static_assert(std::is_trivially_copyable_v<Struct> && offsetof(Struct, struct_size) == 0);
  if (out == nullptr) return GR_STATUS_ARGUMENT;
  return write_sized(&known, sizeof(Struct), out) ? GR_STATUS_OK : GR_STATUS_STRUCT_SIZE;
}

inline gr_text as_text(std::string_view text) { return {text.data(), text.size()}; }
// A NULL text is empty, whatever its size says.
inline std::string_view as_view(gr_text text) {
  return text.data == nullptr ? std::string_view{} : std::string_view{text.data, text.size};
}

}  // namespace guardrank
