#include <doctest/doctest.h>

#include <charconv>
#include <cstdio>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <random>
#include <string>

#include "core/base/number_text.h"

namespace guardrank {

namespace {

std::string text_of(double value) {
  char bytes[max_number_text_bytes];
  return {bytes, write_double(value, bytes)};
}
std::string text_of(float value) {
  char bytes[max_number_text_bytes];
  return {bytes, write_float(value, bytes)};
}

// A number's sign, digits and exponent, whatever the layout.
std::string digits_of(std::string text) {
  std::string sign;
  if (text[0] == '-') {
    sign = "-";
    text.erase(0, 1);
  }
  long exponent = 0;
  if (const std::size_t at = text.find('e'); at != std::string::npos) {
    exponent = std::atol(text.c_str() + at + 1);
    text.resize(at);
  }
  if (const std::size_t at = text.find('.'); at != std::string::npos) {
    exponent -= static_cast<long>(text.size() - at - 1);
    text.erase(at, 1);
  }
  while (text.size() > 1 && text[0] == '0') text.erase(0, 1);
  for (; text.size() > 1 && text.back() == '0'; ++exponent) text.pop_back();
  return sign.append(text).append("e").append(std::to_string(text == "0" ? 0 : exponent));
}

// libstdc++'s shortest form (Ryu).
template <typename Number>
std::string reference(Number value) {
  char bytes[64];
  const auto end = std::to_chars(bytes, bytes + 64, value, std::chars_format::scientific);
  return digits_of({bytes, end.ptr});
}

template <typename Number>
void check_number(Number value) {
  const std::string text = text_of(value);
  REQUIRE(text.size() <= max_number_text_bytes);
  REQUIRE_MESSAGE(digits_of(text) == reference(value), text);
  double back = 0;
  REQUIRE(parse_double(text, &back));
  const Number narrowed = static_cast<Number>(back);
  REQUIRE(std::memcmp(&narrowed, &value, sizeof(value)) == 0);
}

void check_parse(const std::string& text) {
  const double wanted = std::strtod(text.c_str(), nullptr);
  double got = 0;
  const bool parsed = parse_double(text, &got);
  CAPTURE(text.substr(0, 100));
  REQUIRE(parsed == std::isfinite(wanted));
  if (parsed) REQUIRE(std::memcmp(&got, &wanted, 8) == 0);
}

std::string random_digits(std::mt19937_64* random, std::size_t n) {
  std::string digits;
  for (std::size_t i = 0; i < n; ++i) digits += static_cast<char>('0' + (*random)() % 10);
  return digits;
}

std::string time_text(std::int64_t micros) {
  char bytes[max_number_text_bytes];
  return {bytes, write_timestamp(micros, bytes)};
}

}  // namespace

TEST_CASE("layout is ECMAScript's") {
  const struct {
    double value;
    const char* text;
  } cases[] = {{0.0, "0"}, {-0.0, "-0"}, {1, "1"}, {-1.5, "-1.5"}, {100, "100"},
               {123456789012345680000.0, "123456789012345680000"}, {1e21, "1e+21"},
               {1.2e21, "1.2e+21"}, {0.1, "0.1"}, {0.000001, "0.000001"}, {1e-7, "1e-7"},
               {1.25e-7, "1.25e-7"}, {0.00000123, "0.00000123"}, {5e-324, "5e-324"},
               {2.2250738585072011e-308, "2.225073858507201e-308"},
               {1.7976931348623157e308, "1.7976931348623157e+308"}, {1.0 / 3, "0.3333333333333333"},
               {9007199254740991.0, "9007199254740991"}, {9007199254740993.0, "9007199254740992"},
               {4.35, "4.35"}, {1e23, "1e+23"}, {0.3, "0.3"}, {0.1 + 0.2, "0.30000000000000004"},
               {5.684341886080802e-14, "5.684341886080802e-14"}, {12345.678, "12345.678"}};
  for (const auto& one : cases) CHECK(text_of(one.value) == one.text);
  CHECK(text_of(0.1f) == "0.1");
  CHECK(text_of(-0.0f) == "-0");
  CHECK(text_of(16777216.0f) == "16777216");
  CHECK(text_of(3.4028235e38f) == "3.4028235e+38");
  CHECK(text_of(1e-45f) == "1e-45");
}

TEST_CASE("random numbers are written shortest and read back") {
  std::mt19937_64 random(1);
  for (int i = 0; i < 6'000; ++i) {
    const double any = __builtin_bit_cast(double, random());
    if (std::isfinite(any)) check_number(any);
    const float narrow = __builtin_bit_cast(float, static_cast<std::uint32_t>(random()));
    if (std::isfinite(narrow)) check_number(narrow);
    check_number(static_cast<double>(random() >> 11) * 0x1p-53);
    check_number(static_cast<double>(random() % 10'000'000) / 1000);
    check_number(static_cast<double>(random() >> 10));
    check_number(__builtin_bit_cast(double, random() % (1ull << (random() % 52 + 1))));
  }
  for (int exponent = -1074; exponent <= 1023; ++exponent) {
    const double power = std::ldexp(1.0, exponent);
    check_number(power);
    check_number(std::nextafter(power, 0.0));
    if (exponent < 1023) check_number(std::nextafter(power, 1e308));
  }
  for (int exponent = -149; exponent <= 127; ++exponent) check_number(std::ldexp(1.0f, exponent));
}

TEST_CASE("reading is correctly rounded") {
  for (const char* text :
       {"2.2250738585072011e-308", "2.2250738585072012e-308", "2.2250738585072014e-308", "5e-324",
        "4.9406564584124654e-324", "2.4703282292062327e-324", "2.4703282292062328e-324", "1e-400",
        "1e-99999999999999999999", "0e99999999999999999999", "1.7976931348623157e308",
        "1.7976931348623158e308", "1.7976931348623159e308", "1e309", "1e99999999999999999999",
        "9007199254740993", "9007199254740992.5", "9007199254740993.0000000000000000000001",
        "0.500000000000000166533453693773481063544750213623046875",
        "3.518437208883201171875e13", "62.5364939768271845828", "8.10109172351e-10", "1.5E+2",
        "6929495644600919.5", "3.7455744005952583e15", "123456789012345678901234567890", "-0",
        "-0.0e5", "8.41e21", "9.5e-27", "18446744073709551615", "18446744073709551616"}) {
    check_parse(text);
  }
  std::mt19937_64 random(2);
  for (int i = 0; i < 20'000; ++i) {
    std::string text = random_digits(&random, 1 + random() % 25);
    text.erase(0, std::min(text.find_first_not_of('0'), text.size() - 1));
    if (random() % 2) text.append(1, '.').append(random_digits(&random, 1 + random() % 20));
    const int range = random() % 2 ? 340 : 25;
    if (random() % 2) {
      text += "e" + std::to_string(static_cast<int>(random() % (2 * range)) - range);
    }
    check_parse(random() % 2 ? std::string("-").append(text) : text);
  }
}

// The exact middle between two neighbours, and the nearest decimals on both sides of it.
TEST_CASE("reading halfway cases") {
  std::mt19937_64 random(3);
  char buffer[1600];
  for (int i = 0; i < 500; ++i) {
    const std::uint64_t bits = i % 2 ? random() >> 1 : random() % (1ull << (random() % 54 + 1));
    const double x = __builtin_bit_cast(double, bits);
    const double next = std::nextafter(x, INFINITY);
    if (!std::isfinite(next)) continue;
    const long double middle = (static_cast<long double>(x) + next) / 2;
    std::snprintf(buffer, sizeof(buffer), "%.1100Lf", middle);
    std::string text = buffer;
    check_parse(text);
    check_parse(text + "1");
    text.resize(text.find_last_not_of('0') + 1);
    if (text.back() < '1' || text.back() > '9') continue;
    --text.back();
    check_parse(text + std::string(50, '9'));
  }
}

TEST_CASE("what is not a JSON number is refused") {
  double value = 42;
  for (const char* text : {"", "-", "+1", "01", "-01", ".5", "5.", "1e", "1e+", "1.e5", " 1", "1 ",
                           "0x10", "1,5", "NaN", "Infinity", "1e5.5", "--1", "1-", "1_0", "00"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_double(text, &value));
  }
  CHECK(value == 42);
}

TEST_CASE("integers both ways") {
  std::int64_t value = 42;
  for (const char* text : {"", "-", "+1", "1.0", "1e3", " 1", "9223372036854775808",
                           "-9223372036854775809", "99999999999999999999", "a"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_integer(text, &value));
  }
  CHECK(value == 42);
  char bytes[max_number_text_bytes];
  for (const std::int64_t one : {INT64_MIN, INT64_MIN + 1, std::int64_t{-10}, std::int64_t{0},
                                 std::int64_t{7}, INT64_MAX}) {
    const std::string text(bytes, write_integer(one, bytes));
    CHECK(text == std::to_string(one));
    REQUIRE(parse_integer(text, &value));
    CHECK(value == one);
  }
  CHECK(std::string(bytes, write_natural(UINT64_MAX, bytes)) == "18446744073709551615");
}

TEST_CASE("timestamps are read") {
  const struct {
    const char* text;
    std::int64_t micros;
  } cases[] = {
      {"1970-01-01T00:00:00Z", 0},
      {"2026-11-21T10:00:00Z", 1'795'255'200'000'000},     // date -d ... +%s
      {"2026-11-21T10:00:00.123456789Z", 1'795'255'200'123'456},
      {"2026-11-21t12:30:00.5+02:30", 1'795'255'200'500'000},
      {"2026-11-21T05:00:00-05:00", 1'795'255'200'000'000},
      {"2026-11-21", 1'795'219'200'000'000},
      {"2000-02-29T00:00:00z", 951'782'400'000'000},
      {"1969-12-31T23:59:59.999999Z", -1},
      {"0001-01-01T00:00:00Z", -62'135'596'800'000'000},
      {"9999-12-31T23:59:59.999999Z", 253'402'300'799'999'999},
      {"1900-03-01", -2'203'891'200'000'000}};
  for (const auto& one : cases) {
    CAPTURE(one.text);
    std::int64_t micros = 42;
    REQUIRE(parse_timestamp(one.text, &micros));
    CHECK(micros == one.micros);
  }
}

TEST_CASE("what is not an RFC 3339 time is refused") {
  std::int64_t micros = 42;
  for (const char* text :
       {"", "2026", "2026-11", "2026-11-21T", "2026-11-21T10:00Z", "2026-11-21T10:00:00",
        "2026-11-21 10:00:00Z", "2026-13-01", "2026-00-01", "2026-02-29", "1900-02-29",
        "2026-04-31", "2026-11-00", "0000-01-01", "10000-01-01", "2026-11-21T24:00:00Z",
        "2026-11-21T10:60:00Z", "2026-11-21T10:00:60Z", "2026-11-21T10:00:00.Z",
        "2026-11-21T10:00:00.1234567890Z", "2026-11-21T10:00:00+24:00",
        "2026-11-21T10:00:00+0200", "2026-11-21T10:00:00+02:60", "2026-11-21T10:00:00Zx",
        "0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01", "-026-11-21", "2026-1-21",
        "2026-11-21Z"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_timestamp(text, &micros));
  }
  CHECK(micros == 42);
}

TEST_CASE("timestamps are written") {
  CHECK(time_text(0) == "1970-01-01T00:00:00Z");
  CHECK(time_text(1'795'255'200'500'000) == "2026-11-21T10:00:00.500Z");
  CHECK(time_text(-1) == "1969-12-31T23:59:59.999999Z");
  CHECK(time_text(INT64_MIN) == "0001-01-01T00:00:00Z");
  CHECK(time_text(INT64_MAX) == "9999-12-31T23:59:59.999999Z");
  // Every day from 0001 to 9999 by counting, which needs no formula for the calendar.
  int year = 1, month = 1, day = 1;
  for (std::int64_t at = -62'135'596'800; at <= 253'402'214'400; at += 86'400) {
    char wanted[64];
    std::snprintf(wanted, sizeof(wanted), "%04d-%02d-%02dT00:00:00Z", year, month, day);
    const std::string text = time_text(at * 1'000'000);
    std::int64_t back = 0;
    if (text != wanted || !parse_timestamp(text, &back) || back != at * 1'000'000) {
      FAIL(text << " wanted " << wanted);
    }
    const bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    const int days[] = {31, is_leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (++day > days[month - 1]) {
      day = 1;
      if (++month > 12) {
        month = 1;
        ++year;
      }
    }
  }
  CHECK(year == 10000);
}

}  // namespace guardrank
