// Characters of UTF-8 texts that are known to be valid.
#pragma once

#include <cstdint>
#include <string_view>

namespace guardrank {

// The character at `*at`, which moves behind it. A byte that begins none stands for itself.
inline std::int32_t take_character(std::string_view text, std::size_t* at) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t lead = byte((*at)++);
  const std::size_t more = lead < 0xC0 ? 0 : lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
  if (more == 0 || *at + more > text.size()) return lead;
  std::int32_t code = lead & (0x3F >> more);
  for (std::size_t i = 0; i < more; ++i) code = code << 6 | (byte((*at)++) & 0x3F);
  return code;
}

inline std::int64_t count_characters(std::string_view text) {
  std::int64_t count = 0;
  for (const char byte : text) count += (static_cast<std::uint8_t>(byte) & 0xC0) == 0x80 ? 0 : 1;
  return count;
}

}  // namespace guardrank
