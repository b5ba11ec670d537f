// Numbers and times as text, exact in both directions and free of the locale.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace guardrank {

inline constexpr std::size_t max_number_text_bytes = 32;

// Shortest decimal text that reads back as the same double, laid out as ECMAScript's
// Number::toString does, but "-0" for negative zero. Finite values only. Returns bytes written
// (at most max_number_text_bytes).
std::size_t write_double(double value, char* out);
std::size_t write_float(float value, char* out);  // shortest that reads back as the same float
std::size_t write_integer(std::int64_t value, char* out);
std::size_t write_natural(std::uint64_t value, char* out);

// Correctly rounded (half to even) decimal to double for a JSON number: the whole text must be
// one number. False when it is not one or overflows to infinity.
bool parse_double(std::string_view text, double* value);
// Optional minus and digits, within int64.
bool parse_integer(std::string_view text, std::int64_t* value);

// RFC 3339 with a zone ("Z" or "+hh:mm"), up to 9 fraction digits (cut to micros), years 0001 to
// 9999. Micros since 1970-01-01T00:00:00Z. A date alone ("2026-11-21") is midnight UTC.
bool parse_timestamp(std::string_view text, std::int64_t* micros);
// Up to 27 bytes; fraction only when not zero (3 or 6 digits). A time outside the years 0001 to
// 9999 is written as the nearest one inside.
std::size_t write_timestamp(std::int64_t micros, char* out);

}  // namespace guardrank
