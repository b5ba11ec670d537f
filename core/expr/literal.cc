#include "core/expr/literal.h"

#include "core/base/number_text.h"
#include "core/base/slice.h"

namespace guardrank {
namespace {

// 0 to 15, or 16 for any other character.
unsigned digit_value(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10;
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A') + 10;
  return 16;
}

struct Escape {
  char letter;
  char value;
};
constexpr Escape escapes[] = {{'a', '\a'}, {'b', '\b'},  {'f', '\f'},  {'n', '\n'}, {'r', '\r'},
                              {'t', '\t'}, {'v', '\v'},  {'\\', '\\'}, {'?', '?'},  {'"', '"'},
                              {'\'', '\''}, {'`', '`'}};

// `n_digits` digits of `base` from `at` on; false when there are fewer.
bool read_code(std::string_view text, std::size_t at, std::size_t n_digits, unsigned base,
               std::uint32_t* code) {
  *code = 0;
  if (at + n_digits > text.size()) return false;
  for (std::size_t i = 0; i < n_digits; ++i) {
    const unsigned digit = digit_value(text[at + i]);
    if (digit >= base) return false;
    *code = *code * base + digit;
  }
  return true;
}

// One escape at `text[*at]`, a backslash: moves behind it and writes up to 4 bytes.
bool read_escape(std::string_view text, bool is_bytes, std::size_t* at, char* out,
                 std::size_t* size, std::string_view* problem) {
  const char letter = *at + 1 < text.size() ? text[*at + 1] : '\0';
  for (const Escape& escape : escapes) {
    if (escape.letter != letter) continue;
    out[(*size)++] = escape.value;
    *at += 2;
    return true;
  }
  std::size_t skip = 2, n_digits = 0;
  unsigned base = 16;
  switch (letter) {
    case 'x': case 'X': n_digits = 2; break;
    case 'u': case 'U':
      n_digits = letter == 'u' ? 4 : 8;
      if (!is_bytes) break;
      *problem = "bytes take \\xHH and octal escapes only";
      return false;
    case '0': case '1': case '2': case '3': skip = 1; n_digits = 3; base = 8; break;
    default: *problem = "unknown escape in this string"; return false;
  }
  std::uint32_t code = 0;
  if (!read_code(text, *at + skip, n_digits, base, &code)) {
    *problem = "this escape needs more digits: \\xHH, \\uHHHH, \\UHHHHHHHH or three octal";
    return false;
  }
  if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) {
    *problem = "this escape is no Unicode character";
    return false;
  }
  if (is_bytes) {
    if (code > 0xFF) *problem = "this escape is no byte";
    out[(*size)++] = static_cast<char>(code);
  } else {
    *size += write_character(code, out + *size);
  }
  *at += skip + n_digits;
  return problem->empty();
}

}  // namespace

std::size_t write_character(std::uint32_t code, char* out) {
  const std::size_t size = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  constexpr unsigned leads[] = {0, 0, 0xC0, 0xE0, 0xF0};
  for (std::size_t i = size - 1; i > 0; --i, code >>= 6)
    out[i] = static_cast<char>(0x80 | (code & 0x3F));
  out[0] = static_cast<char>(leads[size] | code);
  return size;
}

bool read_unsigned_literal(std::string_view text, std::uint64_t* value) {
  const bool is_hex = text.size() > 2 && (text[1] == 'x' || text[1] == 'X');
  const std::uint64_t base = is_hex ? 16 : 10;
  std::uint64_t sum = 0;
  for (std::size_t i = is_hex ? 2 : 0; i < text.size(); ++i) {
    if (__builtin_mul_overflow(sum, base, &sum)) return false;
    if (__builtin_add_overflow(sum, std::uint64_t{digit_value(text[i])}, &sum)) return false;
  }
  *value = sum;
  return true;
}

bool read_integer_literal(std::string_view text, bool is_negative, std::int64_t* value) {
  std::uint64_t magnitude = 0;
  if (!read_unsigned_literal(text, &magnitude)) return false;
  constexpr std::uint64_t half = std::uint64_t{1} << 63;
  if (magnitude > half || (magnitude == half && !is_negative)) return false;
  *value = static_cast<std::int64_t>(is_negative ? 0 - magnitude : magnitude);
  return true;
}

Status read_number_literal(std::string_view text, Arena* arena, double* value, bool* is_in_range) {
  // The reader of base wants JSON's form: one digit before the point, no zeros before it.
  while (text.size() > 1 && text[0] == '0' && digit_value(text[1]) < 10) text.remove_prefix(1);
  if (text[0] != '.') {
    *is_in_range = parse_double(text, value);
    return Status::ok;
  }
  std::span<char> copy;
  GUARDRANK_TRY(arena->make(text.size() + 1, &copy));
  copy[0] = '0';
  text.copy(copy.data() + 1, text.size());
  *is_in_range = parse_double({copy.data(), copy.size()}, value);
  return Status::ok;
}

Status read_string_literal(std::string_view text, Arena* arena, std::string_view* value,
                           std::string_view* problem, std::size_t* problem_offset) {
  std::size_t begin = 0;
  bool is_raw = false, is_bytes = false;
  while (text[begin] != '\'' && text[begin] != '"') {
    is_raw = is_raw || text[begin] == 'r' || text[begin] == 'R';
    is_bytes = is_bytes || text[begin] == 'b' || text[begin] == 'B';
    ++begin;
  }
  const char quote = text[begin];
  const bool is_triple = text.size() >= begin + 6 && text[begin + 1] == quote &&
                         text[begin + 2] == quote;
  const std::size_t marks = is_triple ? 3 : 1;
  const std::size_t end = text.size() - marks;
  begin += marks;
  std::span<char> copy;
  GUARDRANK_TRY(arena->make(end - begin, &copy));
  std::size_t size = 0;
  for (std::size_t at = begin; at < end;) {
    if (text[at] != '\\' || is_raw) {
      copy[size++] = text[at++];
      continue;
    }
    const std::size_t escape = at;
    if (!read_escape(slice(text, 0, end), is_bytes, &at, copy.data(), &size, problem)) {
      *problem_offset = escape;
      return Status::ok;
    }
  }
  *value = {copy.data(), size};
  return Status::ok;
}

}  // namespace guardrank
