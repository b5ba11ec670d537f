// What the format strings of the Arrow C data interface say, of those that a fact can hold.
#pragma once

#include <cstdint>
#include <string_view>

namespace guardrank {

enum class ArrowKind : std::uint8_t { nothing, boolean, integer, number, text, list, vector, time };

struct ArrowFormat {
  ArrowKind kind = ArrowKind::nothing;
  std::uint8_t bytes = 0;              // of a number, of an offset
  bool is_signed = false;
  std::int64_t width = 0;              // of a vector
  std::int64_t times = 1, over = 1;    // a time's count to micros
  std::uint8_t n_buffers = 2, n_children = 0;
};

// False for what no fact can hold.
bool read_arrow_format(std::string_view name, ArrowFormat* format);

// Buffers need not be aligned.
template <typename T>
T arrow_load(const void* buffer, std::int64_t index) {
  T value;
  __builtin_memcpy(&value, static_cast<const char*>(buffer) + index * std::int64_t{sizeof(T)},
                   sizeof value);
  return value;
}

// An integer of `format`; of 8 bytes without a sign, as if it had one.
std::int64_t arrow_integer(const ArrowFormat& format, const void* buffer, std::int64_t index);

}  // namespace guardrank
