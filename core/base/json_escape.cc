#include "core/base/json_escape.h"

namespace guardrank {

namespace {

int hexadecimal_value(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  const char lower = static_cast<char>(digit | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

char* put_utf8(std::uint32_t character, char* out) {
  const auto tail = [&](int shift) {
    return static_cast<char>(0x80 | ((character >> shift) & 0x3F));
  };
  if (character < 0x80) {
    *out++ = static_cast<char>(character);
    return out;
  }
  if (character < 0x800) {
    *out++ = static_cast<char>(0xC0 | (character >> 6));
  } else {
    if (character < 0x10000) {
      *out++ = static_cast<char>(0xE0 | (character >> 12));
    } else {
      *out++ = static_cast<char>(0xF0 | (character >> 18));
      *out++ = tail(12);
    }
    *out++ = tail(6);
  }
  *out++ = tail(0);
  return out;
}

// The four hexadecimal digits of a "\\u" escape, or a value over 0xFFFF.
std::uint32_t code_unit(std::string_view raw, std::size_t at) {
  constexpr std::uint32_t none = UINT32_MAX;
  if (raw.size() - at < 6 || raw[at] != '\\' || raw[at + 1] != 'u') return none;
  std::uint32_t unit = 0;
  for (std::size_t i = at + 2; i < at + 6; ++i) {
    const int digit = hexadecimal_value(raw[i]);
    if (digit < 0) return none;
    unit = unit * 16 + static_cast<std::uint32_t>(digit);
  }
  return unit;
}

// Decodes the escape at `at` and moves past it.
JsonEscape take_escape(std::string_view raw, std::size_t* at, char** out) {
  constexpr std::string_view names = "\"\\/bfnrt";
  constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
  const std::size_t name = names.find(raw[*at + 1]);
  if (name != std::string_view::npos) {
    *(*out)++ = meanings[name];
    *at += 2;
    return JsonEscape::ok;
  }
  const std::uint32_t unit = code_unit(raw, *at);
  if (unit > 0xFFFF) return JsonEscape::unknown;
  if (unit < 0xD800 || unit > 0xDFFF) {
    *at += 6;
    *out = put_utf8(unit, *out);
    return JsonEscape::ok;
  }
  const std::uint32_t low = unit < 0xDC00 ? code_unit(raw, *at + 6) : UINT32_MAX;
  if (low < 0xDC00 || low > 0xDFFF) return JsonEscape::lone_surrogate;
  *at += 12;
  *out = put_utf8(0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00), *out);
  return JsonEscape::ok;
}

}  // namespace

JsonEscape unescape_json(std::string_view raw, char* out, std::size_t* size, std::size_t* at) {
  char* end = out;
  for (*at = 0; *at < raw.size();) {
    if (raw[*at] != '\\') {
      *end++ = raw[(*at)++];
      continue;
    }
    if (const JsonEscape escape = take_escape(raw, at, &end); escape != JsonEscape::ok) {
      return escape;
    }
  }
  *size = static_cast<std::size_t>(end - out);
  return JsonEscape::ok;
}

}  // namespace guardrank
