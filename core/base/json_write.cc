#include <algorithm>

#include "core/base/json.h"
#include "core/base/math.h"
#include "core/base/number_text.h"
#include "core/base/utf8.h"

namespace guardrank {

namespace {

constexpr std::size_t smallest_buffer = 1024;
constexpr std::uint64_t largest_exact = std::uint64_t{1} << 53;
constexpr std::string_view replacement_character = "\xEF\xBF\xBD";   // U+FFFD

// Bytes at the start of `text` that stand in a JSON string as they are.
std::size_t plain_bytes(std::string_view text) {
  std::size_t n = 0;
  while (n < text.size() && static_cast<std::uint8_t>(text[n]) >= 0x20 && text[n] != '"' &&
         text[n] != '\\') {
    ++n;
  }
  return n;
}

// The escape of a quote, backslash or control character: 2 or 6 bytes.
std::size_t write_escape(char character, char* out) {
  constexpr std::string_view characters = "\"\\\b\f\n\r\t";
  out[0] = '\\';
  const std::size_t place = characters.find(character);
  if (place != std::string_view::npos) {
    out[1] = "\"\\bfnrt"[place];
    return 2;
  }
  const auto code = static_cast<std::uint8_t>(character);
  std::copy_n("u00", 3, out + 1);
  out[4] = static_cast<char>('0' + (code >> 4));
  out[5] = "0123456789abcdef"[code & 15];
  return 6;
}

}  // namespace

bool JsonWriter::reserve(std::size_t more) {
  if (status_ != Status::ok) return false;
  if (more <= capacity_ - size_) return true;
  const std::size_t least = size_ + more;
  const std::size_t wanted = std::max({least, capacity_ * 2, smallest_buffer});
  char* grown = least < more ? nullptr : static_cast<char*>(arena_->allocate(wanted, 1));
  if (grown == nullptr) {
    status_ = Status::memory;
    bytes_ = nullptr;
    size_ = capacity_ = 0;
    return false;
  }
  std::copy_n(bytes_, size_, grown);
  bytes_ = grown;
  capacity_ = wanted;
  return true;
}

void JsonWriter::put(std::string_view text) {
  if (!reserve(text.size())) return;
  std::copy_n(text.data(), text.size(), bytes_ + size_);
  size_ += text.size();
}

void JsonWriter::separate() {
  if (needs_comma_) put(",");
  needs_comma_ = true;
}

void JsonWriter::put_quoted(std::string_view text) {
  put("\"");
  while (!text.empty()) {
    std::size_t valid = text.size();
    const bool is_valid = is_valid_utf8(text, &valid);
    std::string_view part = text.substr(0, valid);
    while (!part.empty()) {
      const std::size_t plain = plain_bytes(part);
      put(part.substr(0, plain));
      part.remove_prefix(plain);
      if (part.empty()) break;
      char escape[6];
      put({escape, write_escape(part.front(), escape)});
      part.remove_prefix(1);
    }
    if (is_valid) break;
    put(replacement_character);
    text.remove_prefix(valid + 1);
  }
  put("\"");
}

JsonWriter& JsonWriter::begin_object() {
  separate();
  put("{");
  needs_comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::end_object() {
  put("}");
  needs_comma_ = true;
  return *this;
}

JsonWriter& JsonWriter::begin_array() {
  separate();
  put("[");
  needs_comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::end_array() {
  put("]");
  needs_comma_ = true;
  return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
  separate();
  put_quoted(name);
  put(":");
  needs_comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::string(std::string_view value) {
  separate();
  put_quoted(value);
  return *this;
}

JsonWriter& JsonWriter::number(double value) {
  if (!is_finite(value)) return null();
  separate();
  char text[max_number_text_bytes];
  put({text, write_double(value, text)});
  return *this;
}

JsonWriter& JsonWriter::number(float value) {
  if (!is_finite(static_cast<double>(value))) return null();
  separate();
  char text[max_number_text_bytes];
  put({text, write_float(value, text)});
  return *this;
}

JsonWriter& JsonWriter::integer(std::int64_t value) {
  const std::uint64_t magnitude =
      value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
  separate();
  char text[max_number_text_bytes];
  const std::string_view digits(text, write_integer(value, text));
  magnitude > largest_exact ? put_quoted(digits) : put(digits);
  return *this;
}

JsonWriter& JsonWriter::natural(std::uint64_t value) {
  separate();
  char text[max_number_text_bytes];
  const std::string_view digits(text, write_natural(value, text));
  value > largest_exact ? put_quoted(digits) : put(digits);
  return *this;
}

JsonWriter& JsonWriter::boolean(bool value) {
  separate();
  put(value ? "true" : "false");
  return *this;
}

JsonWriter& JsonWriter::null() {
  separate();
  put("null");
  return *this;
}

}  // namespace guardrank
