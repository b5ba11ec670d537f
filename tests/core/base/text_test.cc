#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <string>

#include "core/base/text.h"
#include "core/base/utf8.h"

namespace guardrank {

TEST_CASE("pieces of every kind") {
  const Text<200> text{"a ", std::string_view("b"), " ", -5, " ", std::uint64_t{UINT64_MAX}, " ",
                       INT64_MIN, " ", 0.1, " ", -0.0, " ", std::nan(""), " ", -HUGE_VAL};
  CHECK(text.view() ==
        "a b -5 18446744073709551615 -9223372036854775808 0.1 -0 NaN -Infinity");
}

TEST_CASE("whole numbers of every width") {
  const std::uint8_t narrow = 255;
  const Text<120> text{narrow, " ", true, " ", INT32_MIN, " ", UINT32_MAX, " ", std::size_t{7}, " ",
                       INT64_MAX};
  CHECK(text.view() == "255 1 -2147483648 4294967295 7 9223372036854775807");
}

TEST_CASE("append stops at the capacity and never splits a character") {
  Text<5> text{"abc"};
  text.append({"\xE2\x82\xAC"});   // a euro sign, three bytes
  CHECK(text.view() == "abc");
  text.append({"de"});
  CHECK(text.view() == "abcde");
  text.append({"f"});
  CHECK(text.view() == "abcde");
  text.clear();
  CHECK(text.view().empty());
}

TEST_CASE("a piece that is cut ends the text") {
  const Text<4> text{"ab", "\xE2\x82\xAC", "z"};
  CHECK(text.view() == "ab");
}

TEST_CASE("UTF-8: well formed") {
  for (const char* text : {"", "plain", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF",
                           "\xEE\x80\x80", "\xEF\xBF\xBF", "\xF0\x90\x80\x80",
                           "\xF4\x8F\xBF\xBF", "12345678\xC3\xA9 12345678"}) {
    CAPTURE(text);
    CHECK(is_valid_utf8(text));
  }
}

TEST_CASE("UTF-8: the first bad byte") {
  const struct {
    const char* text;
    std::size_t offset;
  } cases[] = {{"\x80", 0},                 // a continuation without a lead
               {"a\xC0\x80", 1},            // overlong
               {"ab\xC1\xBF", 2},           // overlong
               {"\xE0\x9F\xBF", 0},         // overlong
               {"\xF0\x8F\xBF\xBF", 0},     // overlong
               {"\xED\xA0\x80", 0},         // surrogate
               {"\xF4\x90\x80\x80", 0},     // above U+10FFFF
               {"\xF5\x80\x80\x80", 0},
               {"\xFF", 0},
               {"12345678\xE2\x82", 8},     // cut short
               {"1234567\xE2\x82", 7},
               {"\xC3(", 0}};
  for (const auto& bad : cases) {
    CAPTURE(bad.text);
    std::size_t offset = 99;
    CHECK_FALSE(is_valid_utf8(bad.text, &offset));
    CHECK(offset == bad.offset);
    CHECK_FALSE(is_valid_utf8(bad.text));
  }
}

// Against the definition: decode by hand and compare for every text of up to three bytes, with a
// fourth byte for leads that need one.
TEST_CASE("UTF-8: all short texts") {
  const auto is_tail = [](unsigned byte) { return byte >= 0x80 && byte <= 0xBF; };
  const auto expected = [&](unsigned a, unsigned b) {
    if (a < 0x80) return b < 0x80;
    return a >= 0xC2 && a <= 0xDF && is_tail(b);
  };
  for (unsigned a = 0; a < 256; ++a) {
    for (unsigned b = 0; b < 256; ++b) {
      const char text[2] = {static_cast<char>(a), static_cast<char>(b)};
      REQUIRE(is_valid_utf8({text, 2}) == expected(a, b));
      const char three[3] = {static_cast<char>(a), static_cast<char>(b), '\x80'};
      const unsigned code = (a & 15) << 12 | (b & 63) << 6;
      const bool is_three = a >= 0xE0 && a <= 0xEF && is_tail(b) && code >= 0x800 &&
                            !(code >= 0xD800 && code <= 0xDFFF);
      const bool is_one_and_two = a < 0x80 && b >= 0xC2 && b <= 0xDF;
      REQUIRE(is_valid_utf8({three, 3}) == (is_three || is_one_and_two));
      const char four[4] = {static_cast<char>(a), static_cast<char>(b), '\x80', '\x80'};
      const unsigned wide = (a & 7) << 18 | (b & 63) << 12;
      const bool is_four = a >= 0xF0 && a <= 0xF7 && is_tail(b) && wide >= 0x10000 &&
                           wide <= 0x10FFFF;
      const bool is_one_and_three = a < 0x80 && b >= 0xE1 && b <= 0xEF;
      REQUIRE(is_valid_utf8({four, 4}) == (is_four || is_one_and_three));
    }
  }
}

TEST_CASE("UTF-8: cutting") {
  const std::string text = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80";   // 1 + 2 + 3 + 4 bytes
  const std::size_t cuts[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 10};
  for (std::size_t i = 0; i < std::size(cuts); ++i) CHECK(utf8_cut(text, i) == cuts[i]);
  CHECK(utf8_cut("\x80\x80\x80\x80\x80\x80", 5) == 5);   // not UTF-8: anywhere
}

}  // namespace guardrank
