// Decimal to double, correctly rounded: one floating-point operation where that is exact, whole
// 64-bit division for most others, big integers for the rest.
#include <algorithm>

#include "core/base/big_natural.h"
#include "core/base/number_text.h"

namespace guardrank {

namespace {

// More digits than any double or midpoint of two doubles needs (767); what follows only counts as
// being there or not.
constexpr int max_digits = 768;
// Numbers of the form 0.d1d2... * 10^point outside these are 0 or overflow.
constexpr int least_point = -330;
constexpr int most_point = 310;

// A JSON number taken apart; digits are those of integer and fraction together.
struct Decimal {
  bool is_negative = false;
  std::string_view integer, fraction;
  std::int64_t exponent = 0;

  std::size_t n_digits() const { return integer.size() + fraction.size(); }
  char digit(std::size_t i) const {
    return i < integer.size() ? integer[i] : fraction[i - integer.size()];
  }
};

std::string_view take_digits(std::string_view* text) {
  std::size_t n = 0;
  while (n < text->size() && (*text)[n] >= '0' && (*text)[n] <= '9') ++n;
  const std::string_view digits = text->substr(0, n);
  text->remove_prefix(n);
  return digits;
}

bool take(std::string_view* text, char wanted) {
  if (text->empty() || text->front() != wanted) return false;
  text->remove_prefix(1);
  return true;
}

bool take_exponent(std::string_view* text, std::int64_t* exponent) {
  const bool is_negative = take(text, '-');
  if (!is_negative) take(text, '+');
  const std::string_view digits = take_digits(text);
  if (digits.empty()) return false;
  // Stops growing where every longer exponent means the same; texts are under 2^32 digits.
  constexpr std::int64_t most = std::int64_t{1} << 40;
  std::int64_t value = 0;
  for (const char digit : digits) value = std::min(value * 10 + (digit - '0'), most);
  *exponent = is_negative ? -value : value;
  return true;
}

// RFC 8259, section 6.
bool take_decimal(std::string_view text, Decimal* decimal) {
  decimal->is_negative = take(&text, '-');
  decimal->integer = take_digits(&text);
  if (decimal->integer.empty()) return false;
  if (decimal->integer.size() > 1 && decimal->integer.front() == '0') return false;
  if (take(&text, '.')) {
    decimal->fraction = take_digits(&text);
    if (decimal->fraction.empty()) return false;
  }
  if (take(&text, 'e') || take(&text, 'E')) {
    if (!take_exponent(&text, &decimal->exponent)) return false;
  }
  return text.empty();
}

// Rounds value = mantissa * 2^exponent, with `has_more` for a remainder below the last bit. The
// mantissa's top bit is set. Infinity where it overflows.
double round_binary(std::uint64_t mantissa, int exponent, bool has_more) {
  // The double's unit: 2^-1074 for subnormals, else 52 below the top bit.
  const int unit = std::max(exponent + 11, -1074);
  const int dropped = unit - exponent;
  if (dropped > 64) return 0.0;
  const std::uint64_t kept = dropped == 64 ? 0 : mantissa >> dropped;
  const std::uint64_t half = std::uint64_t{1} << (dropped - 1);
  const std::uint64_t rest = mantissa & (half - 1);
  const bool is_half = (mantissa & half) != 0;
  const bool rises = is_half && (rest != 0 || has_more || kept % 2 == 1);
  // Exponent field and mantissa add up, a carry out of the mantissa included.
  const std::uint64_t field = static_cast<std::uint64_t>(unit + 1074);
  if (field > 2045) return __builtin_huge_val();
  return __builtin_bit_cast(double, (field << 52) + kept + (rises ? 1 : 0));
}

// numerator / denominator * 2^exponent, both not zero, by long division in binary.
double divide(BigNatural numerator, BigNatural denominator, int exponent) {
  const int lead = numerator.n_bits() - denominator.n_bits();
  if (lead < 0) numerator.shift_left(-lead);
  if (lead > 0) denominator.shift_left(lead);
  if (BigNatural::compare(numerator, denominator) < 0) {
    numerator.shift_left(1);
    --exponent;
  }
  std::uint64_t quotient = 0;
  for (int bit = 0; bit < 64; ++bit) {
    quotient <<= 1;
    if (BigNatural::compare(numerator, denominator) >= 0) {
      numerator.subtract(denominator);
      quotient |= 1;
    }
    numerator.shift_left(1);
  }
  return round_binary(quotient, exponent + lead - 63, !numerator.is_zero());
}

// The first `n` digits from `first`, then a 1 if a digit that is not zero follows.
double exact_value(const Decimal& decimal, std::size_t first, std::size_t end, int point) {
  const std::size_t n = std::min<std::size_t>(end - first, max_digits);
  BigNatural numerator(0);
  for (std::size_t i = first; i < first + n; ++i) {
    numerator.multiply_add(10, static_cast<std::uint32_t>(decimal.digit(i) - '0'));
  }
  int exponent = point - static_cast<int>(n);
  if (first + n < end) {
    numerator.multiply_add(10, 1);
    --exponent;
  }
  BigNatural denominator(1);
  if (exponent < 0) denominator.multiply_power_of_ten(-exponent);
  else numerator.multiply_power_of_ten(exponent);
  return divide(numerator, denominator, 0);
}

// mantissa * 10^exponent in 64 bits; false where that does not hold it exactly.
bool small_value(std::uint64_t mantissa, int exponent, double* value) {
  constexpr std::uint64_t exact = std::uint64_t{1} << 53;
  if (exponent < -27 || exponent > 22) return false;
  if (exponent >= -22 && mantissa <= exact) {
    double power = 1.0;
    for (int i = exponent < 0 ? -exponent : exponent; i > 0; --i) power *= 10.0;
    const auto whole = static_cast<double>(mantissa);
    *value = exponent < 0 ? whole / power : whole * power;
    return true;
  }
  if (exponent > 0) return false;
  // mantissa / 5^n * 2^-n; 5^27 is below 2^63, so that the remainder may be doubled.
  std::uint64_t divisor = 1;
  for (int i = exponent; i < 0; ++i) divisor *= 5;
  std::uint64_t quotient = mantissa / divisor;
  std::uint64_t remainder = mantissa % divisor;
  int shift = 0;
  for (; quotient >> 63 == 0; ++shift) {
    remainder <<= 1;
    quotient <<= 1;
    if (remainder >= divisor) {
      remainder -= divisor;
      quotient |= 1;
    }
  }
  *value = round_binary(quotient, exponent - shift, remainder != 0);
  return true;
}

double magnitude(const Decimal& decimal) {
  // Zeros at both ends do not count.
  std::size_t first = 0;
  std::size_t end = decimal.n_digits();
  while (first < end && decimal.digit(first) == '0') ++first;
  if (first == end) return 0.0;
  while (decimal.digit(end - 1) == '0') --end;
  const std::int64_t wide_point = decimal.exponent +
                                  static_cast<std::int64_t>(decimal.integer.size()) -
                                  static_cast<std::int64_t>(first);
  if (wide_point < least_point) return 0.0;
  if (wide_point > most_point) return __builtin_huge_val();
  const int point = static_cast<int>(wide_point);
  if (end - first <= 19) {
    std::uint64_t mantissa = 0;
    for (std::size_t i = first; i < end; ++i) {
      mantissa = mantissa * 10 + static_cast<std::uint64_t>(decimal.digit(i) - '0');
    }
    double value;
    if (small_value(mantissa, point - static_cast<int>(end - first), &value)) return value;
  }
  return exact_value(decimal, first, end, point);
}

}  // namespace

bool parse_double(std::string_view text, double* value) {
  Decimal decimal;
  if (!take_decimal(text, &decimal)) return false;
  const double parsed = magnitude(decimal);
  if (parsed == __builtin_huge_val()) return false;
  *value = decimal.is_negative ? -parsed : parsed;
  return true;
}

bool parse_integer(std::string_view text, std::int64_t* value) {
  const bool is_negative = take(&text, '-');
  if (text.empty()) return false;
  std::int64_t parsed = 0;
  for (const char digit : text) {
    if (digit < '0' || digit > '9') return false;
    const std::int64_t step = is_negative ? '0' - digit : digit - '0';
    if (__builtin_mul_overflow(parsed, std::int64_t{10}, &parsed)) return false;
    if (__builtin_add_overflow(parsed, step, &parsed)) return false;
  }
  *value = parsed;
  return true;
}

}  // namespace guardrank
