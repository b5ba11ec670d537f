#include "core/base/utf8.h"

#include <cstdint>
#include <cstring>

namespace guardrank {

namespace {

bool is_continuation(char byte) { return (static_cast<std::uint8_t>(byte) & 0xC0) == 0x80; }

// Bytes of the character at the start of `text`, 0 when it is not well formed (RFC 3629, table of
// section 4: the second byte's range excludes overlong forms, surrogates and > U+10FFFF).
std::size_t character_bytes(std::string_view text) {
  const auto lead = static_cast<std::uint8_t>(text[0]);
  if (lead < 0x80) return 1;
  if (lead < 0xC2 || lead > 0xF4) return 0;
  const std::size_t size = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (text.size() < size) return 0;
  for (std::size_t i = 1; i < size; ++i) {
    if (!is_continuation(text[i])) return 0;
  }
  const auto second = static_cast<std::uint8_t>(text[1]);
  if (lead == 0xE0 && second < 0xA0) return 0;
  if (lead == 0xED && second > 0x9F) return 0;
  if (lead == 0xF0 && second < 0x90) return 0;
  if (lead == 0xF4 && second > 0x8F) return 0;
  return size;
}

// True when the eight bytes at `bytes` are all ASCII.
bool is_ascii_word(const char* bytes) {
  std::uint64_t word;
  std::memcpy(&word, bytes, sizeof(word));
  return (word & 0x8080808080808080u) == 0;
}

}  // namespace

bool is_valid_utf8(std::string_view text, std::size_t* offset) {
  std::size_t at = 0;
  while (at < text.size()) {
    if (text.size() - at >= 8 && is_ascii_word(text.data() + at)) {
      at += 8;
      continue;
    }
    const std::size_t size = character_bytes(text.substr(at));
    if (size == 0) {
      if (offset != nullptr) *offset = at;
      return false;
    }
    at += size;
  }
  return true;
}

std::size_t utf8_cut(std::string_view text, std::size_t max_bytes) {
  if (text.size() <= max_bytes) return text.size();
  // A well-formed character has at most three continuation bytes; more is not UTF-8, cut anywhere.
  for (std::size_t back = 0; back <= 3 && back <= max_bytes; ++back) {
    if (!is_continuation(text[max_bytes - back])) return max_bytes - back;
  }
  return max_bytes;
}

}  // namespace guardrank
