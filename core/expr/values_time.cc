// Times and durations: their texts and their parts, in UTC or at a fixed offset from it.
#include <algorithm>

#include "core/base/number_text.h"
#include "core/base/slice.h"
#include "core/expr/values.h"

namespace guardrank {
namespace {

constexpr std::int64_t nanos_per_second = 1'000'000'000, seconds_per_day = 86'400;
constexpr std::int64_t first_second = -62'135'596'800;       // 0001-01-01T00:00:00Z
constexpr std::int64_t last_second = 253'402'300'799;        // 9999-12-31T23:59:59Z
constexpr std::size_t date_size = 10;
constexpr std::size_t point_at = 19;                         // in "2009-02-13T23:31:30.5Z"

// Facts may hold any 64 bits of micros; texts and parts have the years 1 to 9999.
std::int64_t micros_in_range(std::int64_t seconds) {
  return std::clamp(seconds, first_second, last_second) * 1'000'000;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// "." and 3, 6 or 9 digits; nothing for a whole second.
std::size_t write_fraction(std::uint32_t nanos, char* out) {
  if (nanos == 0) return 0;
  const std::size_t n = nanos % 1'000'000 == 0 ? 3 : nanos % 1000 == 0 ? 6 : 9;
  std::uint32_t unit = 100'000'000;
  out[0] = '.';
  for (std::size_t i = 1; i <= n; ++i, unit /= 10)
    out[i] = static_cast<char>('0' + nanos / unit % 10);
  return n + 1;
}

struct Unit {
  std::string_view name;
  std::int64_t nanos;
};
// Longer names stand before their own beginnings.
constexpr Unit units[] = {{"ms", 1'000'000}, {"us", 1000}, {"\xC2\xB5s", 1000}, {"ns", 1},
                          {"h", 3600 * nanos_per_second}, {"m", 60 * nanos_per_second},
                          {"s", nanos_per_second}};

const Unit* find_unit(std::string_view text) {
  for (const Unit& unit : units)
    if (slice(text, 0, unit.name.size()) == unit.name) return &unit;
  return nullptr;
}

// "1.5h" at the front of `text`, which moves behind it; the sum goes down, for the least duration has
// no positive counterpart.
bool subtract_part(std::string_view* text, std::int64_t* sum) {
  std::size_t whole = 0;
  while (whole < text->size() && is_digit((*text)[whole])) ++whole;
  std::size_t end = whole;
  if (end < text->size() && (*text)[end] == '.')
    for (++end; end < text->size() && is_digit((*text)[end]);) ++end;
  const Unit* unit = find_unit(slice(*text, end));
  if (unit == nullptr || end == 0 || (whole == 0 && end == 1)) return false;
  std::int64_t value = 0;
  for (std::size_t i = 0; i < whole; ++i)
    if (__builtin_mul_overflow(value, std::int64_t{10}, &value) ||
        __builtin_sub_overflow(value, std::int64_t{(*text)[i] - '0'}, &value))
      return false;
  if (__builtin_mul_overflow(value, unit->nanos, &value)) return false;
  std::int64_t tenth = unit->nanos;
  for (std::size_t i = whole + 1; i < end; ++i) {
    tenth /= 10;
    if (__builtin_sub_overflow(value, ((*text)[i] - '0') * tenth, &value)) return false;
  }
  *text = slice(*text, end + unit->name.size());
  return !__builtin_add_overflow(*sum, value, sum);
}

// "", "UTC", "Z", "+02:00", "-09:30", "02:00" as seconds.
bool zone_seconds(std::string_view text, std::int64_t* seconds) {
  *seconds = 0;
  if (text.empty() || text == "UTC" || text == "Z") return true;
  const bool is_west = text[0] == '-';
  if (is_west || text[0] == '+') text = slice(text, 1);
  if (text.size() != 5 || text[2] != ':') return false;
  for (const std::size_t i : {0, 1, 3, 4})
    if (!is_digit(text[i])) return false;
  const int hours = (text[0] - '0') * 10 + text[1] - '0';
  const int minutes = (text[3] - '0') * 10 + text[4] - '0';
  *seconds = (hours * 60 + minutes) * (is_west ? -60 : 60);
  return hours < 24 && minutes < 60;
}

std::int64_t floor_day(std::int64_t seconds) {
  const std::int64_t day = seconds / seconds_per_day;
  return seconds % seconds_per_day < 0 ? day - 1 : day;
}

EvalProblem part_of_duration(const Call& call, ExprValue* result) {
  if (call[0].kind != ExprType::duration || call.size() != 1) return EvalProblem::no_overload;
  const std::int64_t nanos = call[0].integer, seconds = nanos / nanos_per_second;
  std::int64_t part = seconds;
  switch (call.function()) {
    case Function::get_hours: part = seconds / 3600; break;
    case Function::get_minutes: part = seconds / 60; break;
    case Function::get_seconds: break;
    case Function::get_milliseconds: part = nanos % nanos_per_second / 1'000'000; break;
    default: return EvalProblem::no_overload;
  }
  *result = ExprValue::of(part);
  return EvalProblem::none;
}

// Digits of a time as text.
int digits(const char* text, int begin, int n) {
  int value = 0;
  for (int i = begin; i < begin + n; ++i) value = value * 10 + (text[i] - '0');
  return value;
}

std::int64_t day_of_year(const char* text, std::int64_t seconds) {
  constexpr std::string_view new_year = "-01-01";
  char first[10];
  __builtin_memcpy(first, text, 4);
  new_year.copy(first + 4, new_year.size());
  std::int64_t micros = 0;
  (void)parse_timestamp({first, sizeof first}, &micros);
  return floor_day(seconds) - floor_day(micros / 1'000'000);
}

}  // namespace

bool is_time_in_range(std::int64_t seconds) {
  return seconds >= first_second && seconds <= last_second;
}

bool read_time(std::string_view text, ExprValue* timestamp) {
  std::int64_t micros = 0;
  if (text.size() <= date_size || !parse_timestamp(text, &micros)) return false;   // no bare date
  *timestamp = ExprValue::of_micros(micros);
  if (text.size() <= point_at || text[point_at] != '.') return true;
  std::uint32_t unit = 100;   // of the seventh digit
  for (std::size_t i = point_at + 1; is_digit(text[i]); ++i) {
    if (i <= point_at + 6) continue;
    timestamp->size += static_cast<std::uint32_t>(text[i] - '0') * unit;
    unit /= 10;
  }
  return true;
}

std::size_t write_time(const ExprValue& timestamp, char* out) {
  write_timestamp(micros_in_range(timestamp.integer), out);
  std::size_t size = point_at;
  size += write_fraction(timestamp.size, out + size);
  out[size] = 'Z';
  return size + 1;
}

bool read_duration(std::string_view text, ExprValue* duration) {
  const bool is_negative = !text.empty() && text[0] == '-';
  if (is_negative || (!text.empty() && text[0] == '+')) text = slice(text, 1);
  std::int64_t sum = 0;
  if (text.empty()) return false;
  if (text == "0") text = {};
  while (!text.empty())
    if (!subtract_part(&text, &sum)) return false;
  if (!is_negative && __builtin_sub_overflow(std::int64_t{0}, sum, &sum)) return false;
  *duration = ExprValue::of_duration(sum);
  return true;
}

std::size_t write_duration(const ExprValue& duration, char* out) {
  const std::int64_t seconds = duration.integer / nanos_per_second;
  const std::int64_t rest = duration.integer % nanos_per_second;
  std::size_t size = 0;
  if (seconds == 0 && rest < 0) out[size++] = '-';
  size += write_integer(seconds, out + size);
  size += write_fraction(static_cast<std::uint32_t>(rest < 0 ? -rest : rest), out + size);
  out[size] = 's';
  return size + 1;
}

bool is_time_zone(std::string_view text) {
  std::int64_t seconds;
  return zone_seconds(text, &seconds);
}

EvalProblem time_part(const Call& call, ExprValue* result) {
  const ExprValue& time = call[0];
  if (time.kind != ExprType::timestamp) return part_of_duration(call, result);
  std::int64_t offset = 0;
  if (call.size() == 2) {
    if (call[1].kind != ExprType::string) return EvalProblem::no_overload;
    if (!zone_seconds(call[1].text(), &offset)) return EvalProblem::time_zone;
  }
  const std::int64_t seconds = time.integer + offset;
  char text[max_time_text_bytes];
  write_timestamp(micros_in_range(seconds), text);
  std::int64_t part = 0;
  switch (call.function()) {
    case Function::get_full_year: part = digits(text, 0, 4); break;
    case Function::get_month: part = digits(text, 5, 2) - 1; break;
    case Function::get_date: part = digits(text, 8, 2); break;
    case Function::get_day_of_month: part = digits(text, 8, 2) - 1; break;
    case Function::get_day_of_week: part = ((floor_day(seconds) + 4) % 7 + 7) % 7; break;
    case Function::get_day_of_year: part = day_of_year(text, seconds); break;
    case Function::get_hours: part = digits(text, 11, 2); break;
    case Function::get_minutes: part = digits(text, 14, 2); break;
    case Function::get_seconds: part = digits(text, 17, 2); break;
    default: part = time.size / 1'000'000; break;
  }
  *result = ExprValue::of(part);
  return EvalProblem::none;
}

}  // namespace guardrank
