#include "capi/src/arrow_format.h"

#include <algorithm>

#include "core/base/limits.h"

namespace guardrank {
namespace {

struct NamedFormat {
  std::string_view name;
  ArrowFormat format;
};

constexpr ArrowFormat format_of(ArrowKind kind, std::uint8_t bytes, bool is_signed = false) {
  ArrowFormat format;
  format.kind = kind;
  format.bytes = bytes;
  format.is_signed = is_signed;
  if (kind == ArrowKind::nothing) format.n_buffers = 0;
  if (kind == ArrowKind::text) format.n_buffers = 3;
  if (kind == ArrowKind::vector) format.n_buffers = 1;
  if (kind == ArrowKind::list || kind == ArrowKind::vector) format.n_children = 1;
  return format;
}

constexpr NamedFormat formats[] = {
    {"n", format_of(ArrowKind::nothing, 0)},        {"b", format_of(ArrowKind::boolean, 0)},
    {"c", format_of(ArrowKind::integer, 1, true)},  {"C", format_of(ArrowKind::integer, 1)},
    {"s", format_of(ArrowKind::integer, 2, true)},  {"S", format_of(ArrowKind::integer, 2)},
    {"i", format_of(ArrowKind::integer, 4, true)},  {"I", format_of(ArrowKind::integer, 4)},
    {"l", format_of(ArrowKind::integer, 8, true)},  {"L", format_of(ArrowKind::integer, 8)},
    {"f", format_of(ArrowKind::number, 4)},         {"g", format_of(ArrowKind::number, 8)},
    {"u", format_of(ArrowKind::text, 4)},           {"U", format_of(ArrowKind::text, 8)},
    {"+l", format_of(ArrowKind::list, 4)},          {"+L", format_of(ArrowKind::list, 8)},
};

struct Unit {
  char name;
  std::int64_t times, over;
};
constexpr Unit units[] = {{'s', 1'000'000, 1}, {'m', 1000, 1}, {'u', 1, 1}, {'n', 1, 1000}};
constexpr std::string_view utc_names[] = {"UTC", "Z", "+00:00", "Etc/UTC"};

// "tsu:UTC"
bool read_time(std::string_view name, ArrowFormat* format) {
  if (name.size() < 4 || !name.starts_with("ts") || name[3] != ':') return false;
  std::string_view zone = name;
  zone.remove_prefix(4);   // substr would want the C++ library, for an exception
  if (std::find(std::begin(utc_names), std::end(utc_names), zone) == std::end(utc_names))
    return false;
  for (const Unit& unit : units) {
    if (unit.name != name[2]) continue;
    *format = format_of(ArrowKind::time, 8, true);
    format->times = unit.times;
    format->over = unit.over;
    return true;
  }
  return false;
}

// "+w:3"
bool read_width(std::string_view name, ArrowFormat* format) {
  constexpr std::string_view prefix = "+w:";
  if (!name.starts_with(prefix) || name.size() == prefix.size()) return false;
  std::int64_t width = 0;
  name.remove_prefix(prefix.size());
  for (const char digit : name) {
    if (digit < '0' || digit > '9' || width > limits::vector_width) return false;
    width = width * 10 + (digit - '0');
  }
  *format = format_of(ArrowKind::vector, 0);
  format->width = width;
  return width >= 1 && width <= limits::vector_width;
}

}  // namespace

bool read_arrow_format(std::string_view name, ArrowFormat* format) {
  for (const NamedFormat& known : formats) {
    if (known.name != name) continue;
    *format = known.format;
    return true;
  }
  return read_time(name, format) || read_width(name, format);
}

std::int64_t arrow_integer(const ArrowFormat& format, const void* buffer, std::int64_t index) {
  switch (format.bytes) {
    case 1:
      return format.is_signed ? arrow_load<std::int8_t>(buffer, index)
                              : arrow_load<std::uint8_t>(buffer, index);
    case 2:
      return format.is_signed ? arrow_load<std::int16_t>(buffer, index)
                              : arrow_load<std::uint16_t>(buffer, index);
    case 4:
      return format.is_signed ? arrow_load<std::int32_t>(buffer, index)
                              : std::int64_t{arrow_load<std::uint32_t>(buffer, index)};
    default: return arrow_load<std::int64_t>(buffer, index);
  }
}

}  // namespace guardrank
