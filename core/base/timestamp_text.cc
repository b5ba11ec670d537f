// RFC 3339 in the proleptic Gregorian calendar. A leap second (":60") is refused: the engine's time
// has no place for it.
#include <algorithm>

#include "core/base/number_text.h"

namespace guardrank {

namespace {

constexpr std::int64_t micros_per_second = 1'000'000;
constexpr std::int64_t seconds_per_day = 86'400;
constexpr int days_per_era = 146'097;                        // 400 years
constexpr std::int64_t first_second = -62'135'596'800;       // 0001-01-01T00:00:00Z
constexpr std::int64_t last_second = 253'402'300'799;        // 9999-12-31T23:59:59Z

struct Date {
  int year, month, day;
};

bool is_leap(int year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

int days_in_month(int year, int month) {
  constexpr int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

// Days before January 1 of `year`, counted from January 1 of year 1.
int days_before_year(int year) {
  const int whole = year - 1;
  return whole * 365 + whole / 4 - whole / 100 + whole / 400;
}

constexpr int days_to_1970 = 719'162;

int days_since_epoch(const Date& date) {
  int days = days_before_year(date.year) - days_to_1970;
  for (int month = 1; month < date.month; ++month) days += days_in_month(date.year, month);
  return days + date.day - 1;
}

Date date_of(int days_since_epoch) {
  const int days = days_since_epoch + days_to_1970;
  // At most one too low: a year is never longer than 366 days, nor on average 365.2425.
  int year = static_cast<int>(std::int64_t{days} * 400 / days_per_era) + 1;
  if (days_before_year(year + 1) <= days) ++year;
  if (days_before_year(year) > days) --year;
  int rest = days - days_before_year(year);
  int month = 1;
  for (; rest >= days_in_month(year, month); ++month) rest -= days_in_month(year, month);
  return {year, month, rest + 1};
}

bool take(std::string_view* text, char wanted) {
  if (text->empty() || text->front() != wanted) return false;
  text->remove_prefix(1);
  return true;
}

// Exactly `n` digits with a value in [least, most].
bool take_number(std::string_view* text, std::size_t n, int least, int most, int* value) {
  if (text->size() < n) return false;
  int parsed = 0;
  for (const char digit : text->substr(0, n)) {
    if (digit < '0' || digit > '9') return false;
    parsed = parsed * 10 + (digit - '0');
  }
  text->remove_prefix(n);
  *value = parsed;
  return parsed >= least && parsed <= most;
}

bool take_date(std::string_view* text, Date* date) {
  return take_number(text, 4, 1, 9999, &date->year) && take(text, '-') &&
         take_number(text, 2, 1, 12, &date->month) && take(text, '-') &&
         take_number(text, 2, 1, days_in_month(date->year, date->month), &date->day);
}

// 1 to 9 digits after the point, cut to micros.
bool take_fraction(std::string_view* text, int* micros) {
  *micros = 0;
  if (!take(text, '.')) return true;
  int n = 0;
  int unit = 100'000;
  for (; !text->empty() && text->front() >= '0' && text->front() <= '9'; ++n, unit /= 10) {
    *micros += (text->front() - '0') * unit;
    text->remove_prefix(1);
  }
  return n >= 1 && n <= 9;
}

// Seconds east of UTC.
bool take_zone(std::string_view* text, int* offset) {
  *offset = 0;
  if (take(text, 'Z') || take(text, 'z')) return true;
  const bool is_west = take(text, '-');
  if (!is_west && !take(text, '+')) return false;
  int hours, minutes;
  if (!take_number(text, 2, 0, 23, &hours) || !take(text, ':') ||
      !take_number(text, 2, 0, 59, &minutes)) {
    return false;
  }
  *offset = (hours * 60 + minutes) * (is_west ? -60 : 60);
  return true;
}

// `n` digits with zeros in front.
char* put_number(int value, int n, char* out) {
  for (int i = n - 1; i >= 0; --i, value /= 10) out[i] = static_cast<char>('0' + value % 10);
  return out + n;
}

}  // namespace

bool parse_timestamp(std::string_view text, std::int64_t* micros) {
  Date date;
  if (!take_date(&text, &date)) return false;
  std::int64_t seconds = days_since_epoch(date) * seconds_per_day;
  int fraction = 0;
  if (!text.empty()) {
    int hour, minute, second, offset;
    if (!take(&text, 'T') && !take(&text, 't')) return false;
    if (!take_number(&text, 2, 0, 23, &hour) || !take(&text, ':') ||
        !take_number(&text, 2, 0, 59, &minute) || !take(&text, ':') ||
        !take_number(&text, 2, 0, 59, &second) || !take_fraction(&text, &fraction) ||
        !take_zone(&text, &offset) || !text.empty()) {
      return false;
    }
    seconds += hour * 3600 + minute * 60 + second - offset;
  }
  if (seconds < first_second || seconds > last_second) return false;
  *micros = seconds * micros_per_second + fraction;
  return true;
}

std::size_t write_timestamp(std::int64_t micros, char* out) {
  const std::int64_t in_range =
      std::clamp(micros, first_second * micros_per_second,
                 last_second * micros_per_second + micros_per_second - 1);
  // Counted from year 1, so that no division meets a negative number.
  const std::int64_t since_first = in_range - first_second * micros_per_second;
  const auto fraction = static_cast<int>(since_first % micros_per_second);
  const std::int64_t seconds = since_first / micros_per_second;
  const auto second_of_day = static_cast<int>(seconds % seconds_per_day);
  const Date date = date_of(static_cast<int>(seconds / seconds_per_day) - days_to_1970);
  char* end = put_number(date.year, 4, out);
  *end++ = '-';
  end = put_number(date.month, 2, end);
  *end++ = '-';
  end = put_number(date.day, 2, end);
  *end++ = 'T';
  end = put_number(second_of_day / 3600, 2, end);
  *end++ = ':';
  end = put_number(second_of_day / 60 % 60, 2, end);
  *end++ = ':';
  end = put_number(second_of_day % 60, 2, end);
  if (fraction != 0) {
    *end++ = '.';
    end = fraction % 1000 == 0 ? put_number(fraction / 1000, 3, end) : put_number(fraction, 6, end);
  }
  *end++ = 'Z';
  return static_cast<std::size_t>(end - out);
}

}  // namespace guardrank
