// RFC 4648, section 4: the standard alphabet, padded, without line breaks.
#include "core/base/json.h"
#include "core/base/slice.h"

namespace guardrank {

namespace {

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::uint32_t no_digit = 64;

std::uint32_t digit_value(char digit) {
  if (digit >= 'A' && digit <= 'Z') return static_cast<std::uint32_t>(digit - 'A');
  if (digit >= 'a' && digit <= 'z') return static_cast<std::uint32_t>(digit - 'a' + 26);
  if (digit >= '0' && digit <= '9') return static_cast<std::uint32_t>(digit - '0' + 52);
  return digit == '+' ? 62 : digit == '/' ? 63 : no_digit;
}

// Four digits as 24 bits; false when one is not of the alphabet.
bool group_value(std::string_view group, std::uint32_t* value) {
  *value = 0;
  for (const char digit : group) {
    const std::uint32_t six_bits = digit_value(digit);
    if (six_bits == no_digit) return false;
    *value = *value << 6 | six_bits;
  }
  *value <<= 6 * (4 - group.size());
  return true;
}

}  // namespace

JsonWriter& JsonWriter::base64(std::span<const std::uint8_t> bytes) {
  separate();
  put("\"");
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::size_t n = bytes.size() - at < 3 ? bytes.size() - at : 3;
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < n; ++i) value |= std::uint32_t{bytes[at + i]} << (16 - 8 * i);
    char group[4];
    for (std::size_t i = 0; i < 4; ++i) {
      group[i] = i <= n ? alphabet[(value >> (18 - 6 * i)) & 63] : '=';
    }
    put({group, 4});
  }
  put("\"");
  return *this;
}

Status parse_base64(std::string_view text, Arena* arena, std::span<const std::uint8_t>* bytes) {
  *bytes = {};
  if (text.size() % 4 != 0) return Status::json;
  if (text.empty()) return Status::ok;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
  const std::size_t n_digits = text.size() - padding;
  const std::size_t size = n_digits * 3 / 4;
  auto* out = static_cast<std::uint8_t*>(arena->allocate(size, 1));
  if (out == nullptr) return Status::memory;
  std::size_t written = 0;
  for (std::size_t at = 0; at < n_digits; at += 4) {
    std::uint32_t value;
    if (!group_value(slice(text, at, n_digits - at < 4 ? n_digits - at : 4), &value)) {
      return Status::json;
    }
    for (int shift = 16; shift >= 0; shift -= 8) {
      const auto byte = static_cast<std::uint8_t>(value >> shift);
      if (written < size) out[written++] = byte;
      // Bits beyond the last byte must be zero, so that every value has one text.
      else if (byte != 0) return Status::json;
    }
  }
  *bytes = {out, size};
  return Status::ok;
}

}  // namespace guardrank
