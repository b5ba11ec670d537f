#include "bindings/shell/base64.h"

#include <algorithm>
#include <cstdint>

#include "bindings/shell/library.h"

namespace guardrank::shell {
namespace {

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::uint32_t digit(char character) {
  const std::size_t found = alphabet.find(character);
  if (found == std::string_view::npos) {
    throw Failure(GR_STATUS_VERIFY, "record", "record: not base64");
  }
  return static_cast<std::uint32_t>(found);
}

}  // namespace

std::string decode_base64(std::string_view text) {
  if (text.size() % 4 != 0) throw Failure(GR_STATUS_VERIFY, "record", "record: not base64");
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); i += 4) {
    const bool is_last = i + 4 == text.size();
    const std::size_t n = is_last && text[i + 3] == '=' ? (text[i + 2] == '=' ? 1 : 2) : 3;
    std::uint32_t group = 0;
    for (std::size_t c = 0; c < 4; ++c) group = group << 6 | (c <= n ? digit(text[i + c]) : 0);
    for (std::size_t b = 0; b < n; ++b) bytes += static_cast<char>(group >> (16 - 8 * b) & 0xff);
  }
  return bytes;
}

std::string encode_base64(std::string_view bytes) {
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t n = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t b = 0; b < 3; ++b)
      group = group << 8 | (b < n ? static_cast<unsigned char>(bytes[i + b]) : 0u);
    for (std::size_t c = 0; c < 4; ++c)
      text += c <= n ? alphabet[group >> (18 - 6 * c) & 63] : '=';
  }
  return text;
}

}  // namespace guardrank::shell
