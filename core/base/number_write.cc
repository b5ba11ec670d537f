// Shortest digits after Burger and Dybvig, "Printing Floating-Point Numbers Quickly and
// Accurately" (PLDI 1996), in exact arithmetic; short decimals take a quicker way.
#include <algorithm>

#include "core/base/big_natural.h"
#include "core/base/math.h"
#include "core/base/number_text.h"
#include "core/base/slice.h"

namespace guardrank {

namespace {

// Decimal digits d1 d2 ... of 0.d1d2... * 10^point.
struct Digits {
  char text[20];
  int n = 0;
  int point = 0;
};

// A positive binary number, mantissa * 2^exponent, and what decides its neighbours.
struct Binary {
  std::uint64_t mantissa;
  int exponent;
  bool is_power_boundary;   // the next number below is half as far away as the next above
};

void set_digits(std::uint64_t value, Digits* digits) {
  digits->n = static_cast<int>(write_natural(value, digits->text));
}

// Exact numbers in the ratio that the algorithm needs: value = r / s, and half the distances to the
// neighbours above and below, in units of 1 / s.
struct Ratio {
  BigNatural r, s, above, below;
};

void open_ratio(const Binary& binary, Ratio* ratio) {
  const int extra = binary.is_power_boundary ? 2 : 1;
  const int up = std::max(binary.exponent, 0);
  ratio->r = BigNatural(binary.mantissa);
  ratio->r.shift_left(up + extra);
  ratio->s = BigNatural(1);
  ratio->s.shift_left(std::max(-binary.exponent, 0) + extra);
  ratio->below = BigNatural(1);
  ratio->below.shift_left(up);
  ratio->above = ratio->below;
  if (binary.is_power_boundary) ratio->above.shift_left(1);
}

// Scales so that the first digit stands just before the point; returns the point's place.
int scale_ratio(const Binary& binary, bool is_even, Ratio* ratio) {
  // An estimate of log10 that is never too high and at most one too low.
  const int bits = BigNatural(binary.mantissa).n_bits() + binary.exponent - 1;
  int point = bits * 1233 / 4096;
  if (bits < 0) point -= 1;
  if (point >= 0) {
    ratio->s.multiply_power_of_ten(point);
  } else {
    for (BigNatural* number : {&ratio->r, &ratio->above, &ratio->below}) {
      number->multiply_power_of_ten(-point);
    }
  }
  // Raise the point while the upper end of the interval still reaches it.
  while (true) {
    BigNatural high = ratio->r;
    high.add(ratio->above);
    const int order = BigNatural::compare(high, ratio->s);
    if (order < 0 || (order == 0 && !is_even)) return point;
    ratio->s.multiply_add(10, 0);
    ++point;
  }
}

int take_digit(Ratio* ratio) {
  for (BigNatural* number : {&ratio->r, &ratio->above, &ratio->below}) number->multiply_add(10, 0);
  int digit = 0;
  for (; BigNatural::compare(ratio->r, ratio->s) >= 0; ++digit) ratio->r.subtract(ratio->s);
  return digit;
}

void exact_digits(const Binary& binary, Digits* digits) {
  // A reader rounds half to even, so an even number owns the ends of its interval.
  const bool is_even = binary.mantissa % 2 == 0;
  Ratio ratio;
  open_ratio(binary, &ratio);
  digits->point = scale_ratio(binary, is_even, &ratio);
  digits->n = 0;
  while (true) {
    int digit = take_digit(&ratio);
    BigNatural high = ratio.r;
    high.add(ratio.above);
    const int below = BigNatural::compare(ratio.r, ratio.below);
    const int above = BigNatural::compare(high, ratio.s);
    const bool may_stay = below < 0 || (below == 0 && is_even);
    const bool may_rise = above > 0 || (above == 0 && is_even);
    if (may_stay && may_rise) {
      ratio.r.shift_left(1);
      const int half = BigNatural::compare(ratio.r, ratio.s);
      if (half > 0 || (half == 0 && digit % 2 == 1)) ++digit;
    } else if (may_rise) {
      ++digit;
    }
    digits->text[digits->n++] = static_cast<char>('0' + digit);
    if (may_stay || may_rise) return;
  }
}

// Whole numbers under 2^53, and decimals of at most 15 digits: at that length no two decimals are
// the same double, so one that reads back is the shortest. Division by a power of ten up to 10^22
// rounds once, which makes the comparison exact.
bool short_digits(double value, Digits* digits) {
  if (!(value >= 1e-7 && value < 0x1p53)) return false;
  double power = 1.0;
  for (int places = 0; places <= 22; ++places, power *= 10.0) {
    const double scaled = value * power;
    if (places > 0 && scaled >= 1e15) return false;
    const double whole = round_half_even(scaled);
    if (whole / power != value) continue;
    set_digits(static_cast<std::uint64_t>(whole), digits);
    digits->point = digits->n - places;
    return true;
  }
  return false;
}

char* put(std::string_view text, char* out) { return std::copy(text.begin(), text.end(), out); }
char* put_zeros(int n, char* out) { return std::fill_n(out, n, '0'); }

char* put_exponent(std::string_view digits, int exponent, char* out) {
  *out++ = digits[0];
  if (digits.size() > 1) {
    *out++ = '.';
    out = put(slice(digits, 1), out);
  }
  *out++ = 'e';
  *out++ = exponent < 0 ? '-' : '+';
  return out + write_integer(exponent < 0 ? -exponent : exponent, out);
}

// ECMA-262, Number::toString.
char* lay_out(const Digits& number, char* out) {
  int n = number.n;
  while (n > 1 && number.text[n - 1] == '0') --n;
  const std::string_view digits(number.text, static_cast<std::size_t>(n));
  const int point = number.point;
  if (point < -5 || point > 21) return put_exponent(digits, point - 1, out);
  if (point >= n) return put_zeros(point - n, put(digits, out));
  if (point <= 0) return put(digits, put_zeros(-point, put("0.", out)));
  const auto before = static_cast<std::size_t>(point);
  out = put(slice(digits, 0, before), out);
  *out++ = '.';
  return put(slice(digits, before), out);
}

// The fields of an IEEE 754 number without its sign, as a binary number. Not zero.
Binary binary_of(std::uint64_t bits, int mantissa_bits, int bias) {
  const auto exponent = static_cast<int>(bits >> mantissa_bits);
  const std::uint64_t implicit = std::uint64_t{1} << mantissa_bits;
  const std::uint64_t fraction = bits & (implicit - 1);
  if (exponent == 0) return {fraction, 1 - bias - mantissa_bits, false};
  return {fraction | implicit, exponent - bias - mantissa_bits, fraction == 0 && exponent > 1};
}

}  // namespace

std::size_t write_double(double value, char* out) {
  const auto bits = __builtin_bit_cast(std::uint64_t, value);
  char* end = out;
  if (bits >> 63 != 0) *end++ = '-';
  const std::uint64_t magnitude_bits = bits & ~(std::uint64_t{1} << 63);
  const double magnitude = __builtin_bit_cast(double, magnitude_bits);
  if (magnitude_bits == 0) {
    *end++ = '0';
  } else {
    Digits digits;
    if (!short_digits(magnitude, &digits)) {
      exact_digits(binary_of(magnitude_bits, 52, 1023), &digits);
    }
    end = lay_out(digits, end);
  }
  return static_cast<std::size_t>(end - out);
}

std::size_t write_float(float value, char* out) {
  const auto bits = __builtin_bit_cast(std::uint32_t, value);
  const std::uint32_t magnitude_bits = bits & 0x7FFFFFFF;
  if (magnitude_bits == 0) return write_double(static_cast<double>(value), out);
  char* end = out;
  if (bits >> 31 != 0) *end++ = '-';
  Digits digits;
  exact_digits(binary_of(magnitude_bits, 23, 127), &digits);
  return static_cast<std::size_t>(lay_out(digits, end) - out);
}

std::size_t write_natural(std::uint64_t value, char* out) {
  char reversed[20];
  std::size_t n = 0;
  do {
    reversed[n++] = static_cast<char>('0' + value % 10);
    value /= 10;
  } while (value != 0);
  std::reverse_copy(reversed, reversed + n, out);
  return n;
}

std::size_t write_integer(std::int64_t value, char* out) {
  if (value >= 0) return write_natural(static_cast<std::uint64_t>(value), out);
  *out = '-';
  return 1 + write_natural(0 - static_cast<std::uint64_t>(value), out + 1);
}

}  // namespace guardrank
