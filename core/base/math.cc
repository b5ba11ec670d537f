#include "core/base/math.h"

#ifdef __FAST_MATH__
#error "guardrank needs IEEE 754 arithmetic as written: build without -ffast-math"
#endif

namespace guardrank {

namespace {

constexpr double infinity = __builtin_huge_val();
constexpr double canonical_nan = __builtin_nan("");

// ln 2 in two parts. The first has 33 significant bits, so that k * ln2_high is exact for every
// exponent k of a double; the second is the rest.
constexpr double ln2_high = 0x1.62e42feep-1;
constexpr double ln2_low = 0x1.a39ef35793c76p-33;
constexpr double log2_e = 0x1.71547652b82fep+0;

std::uint64_t bits_of(double x) { return __builtin_bit_cast(std::uint64_t, x); }
double double_of(std::uint64_t bits) { return __builtin_bit_cast(double, bits); }

constexpr std::uint64_t sign_bit = std::uint64_t{1} << 63;
constexpr std::uint64_t infinity_bits = std::uint64_t{0x7FF} << 52;

double with_sign_of(double magnitude, double sign) {
  return double_of((bits_of(magnitude) & ~sign_bit) | (bits_of(sign) & sign_bit));
}

// 2^k for -1022 <= k <= 1023.
double power_of_two(int k) { return double_of(static_cast<std::uint64_t>(k + 1023) << 52); }

// exp(r) - 1 - r for |r| <= 0.35: the Taylor series r^2/2! .. r^13/13!, whose next term is under
// 2^-57 of exp(r).
double exp_tail(double r) {
  constexpr double coefficients[] = {
      1.0 / 6227020800.0, 1.0 / 479001600.0, 1.0 / 39916800.0, 1.0 / 3628800.0,
      1.0 / 362880.0,     1.0 / 40320.0,     1.0 / 5040.0,     1.0 / 720.0,
      1.0 / 120.0,        1.0 / 24.0,        1.0 / 6.0,        0.5};
  double sum = coefficients[0];
  for (int i = 1; i < 12; ++i) sum = sum * r + coefficients[i];
  return sum * r * r;
}

// k ln 2 + log(1 + f) + correction for sqrt(1/2) - 1 <= f <= sqrt(2) - 1. With s = f / (2 + f),
// log(1 + f) = 2 atanh(s) = f - s (f - R), where R = 2 s^2/3 + 2 s^4/5 + ..., and s f is written as
// f^2/2 - s f^2/2 so that the rounding of s counts little. The large parts are added exactly.
double log_sum(int k, double f, double correction) {
  constexpr double coefficients[] = {2.0 / 21, 2.0 / 19, 2.0 / 17, 2.0 / 15, 2.0 / 13,
                                     2.0 / 11, 2.0 / 9,  2.0 / 7,  2.0 / 5,  2.0 / 3};
  const double s = f / (2.0 + f);
  const double square = s * s;
  double rest = coefficients[0];
  for (int i = 1; i < 10; ++i) rest = rest * square + coefficients[i];
  rest *= square;
  const double half_square = 0.5 * f * f;
  const double small = half_square - (s * (half_square + rest) + (k * ln2_low + correction));
  const double large = k * ln2_high;
  const double sum = large + f;
  const double lost = f - (sum - large);   // exact: large is 0 or the larger of the two
  return sum + (lost - small);
}

// Positive finite x as 2^k (1 + f), with f as `log_sum` wants it.
int split(double x, double* f) {
  int k = 0;
  if (x < 0x1p-1022) {
    x *= 0x1p54;
    k = -54;
  }
  // Adding the distance from sqrt(1/2) to 1 carries into the exponent for mantissas over sqrt(2).
  const std::uint64_t shifted = bits_of(x) + (bits_of(1.0) - bits_of(0x1.6a09e667f3bcdp-1));
  k += static_cast<int>(shifted >> 52) - 1023;
  const std::uint64_t exponent_change = static_cast<std::uint64_t>((shifted >> 52) - 1023) << 52;
  *f = double_of(bits_of(x) - exponent_change) - 1.0;
  return k;
}

}  // namespace

double deterministic_exp(double x) {
  if (is_nan(x)) return canonical_nan;
  if (x > 709.8) return infinity;
  if (x < -745.2) return 0.0;
  const double k = round_half_even(x * log2_e);
  const double high = x - k * ln2_high;
  const double low = k * ln2_low;
  const double tail = exp_tail(high - low) - low;
  const double sum = 1.0 + high;
  const double value = sum + ((high - (sum - 1.0)) + tail);
  // In two steps, since 2^k itself may be out of range; only the second can round.
  const int exponent = static_cast<int>(k);
  const int half = exponent / 2;
  return value * power_of_two(half) * power_of_two(exponent - half);
}

double deterministic_log(double x) {
  if (is_nan(x) || x < 0.0) return canonical_nan;
  if (x == 0.0) return -infinity;
  if (x == infinity) return x;
  double f;
  const int k = split(x, &f);
  return log_sum(k, f, 0.0);
}

double deterministic_log1p(double x) {
  if (is_nan(x) || x < -1.0) return canonical_nan;
  if (x == -1.0) return -infinity;
  if (x == infinity || x == 0.0) return x;
  if (x > -0.25 && x < 0.4) return log_sum(0, x, 0.0);
  const double sum = 1.0 + x;
  // What the addition lost, as a share of the sum.
  const double lost = x > 1.0 ? 1.0 - (sum - x) : x - (sum - 1.0);
  double f;
  const int k = split(sum, &f);
  return log_sum(k, f, lost / sum);
}

float deterministic_exp(float x) {
  if (x != x) return __builtin_nanf("");
  if (x > 88.8f) return __builtin_huge_valf();
  if (x < -104.0f) return 0.0f;
  constexpr float coefficients[] = {1.0f / 5040, 1.0f / 720, 1.0f / 120,
                                    1.0f / 24,   1.0f / 6,   0.5f};
  const float k = round_half_even(x * 0x1.715476p+0f);
  // 0.693359375 has 9 significant bits: the product is exact.
  const float high = x - k * 0.693359375f;
  const float r = high + k * 0x1.bd0106p-13f;
  float sum = coefficients[0];
  for (int i = 1; i < 6; ++i) sum = sum * r + coefficients[i];
  const float value = 1.0f + (r + sum * r * r);
  const int exponent = static_cast<int>(k);
  const int half = exponent / 2;
  const auto power = [](int e) {
    return __builtin_bit_cast(float, static_cast<std::uint32_t>(e + 127) << 23);
  };
  return value * power(half) * power(exponent - half);
}

double sigmoid(double logit) {
  if (is_nan(logit)) return canonical_nan;
  if (logit >= 0.0) return 1.0 / (1.0 + deterministic_exp(-logit));
  const double odds = deterministic_exp(logit);
  return odds / (1.0 + odds);
}

namespace {

// e^x for x <= 0 by the steps of deterministic_exp, without branches or calls, so that several numbers
// are under way at once and compilers may take vectors. Anything under -745.2 gives 0, as -746 does
// through both roundings. Adding 1.5 * 2^52 rounds half to even and leaves the whole number in the low
// bits.
inline double exp_below_one(double argument) {
  constexpr double whole = 0x1.8p52;
  const double x = argument >= -745.2 ? argument : -746.0;
  const double shifted = x * log2_e + whole;
  const double k = shifted - whole;
  const double high = x - k * ln2_high;
  const double low = k * ln2_low;
  const double tail = exp_tail(high - low) - low;
  const double sum = 1.0 + high;
  const double e = sum + ((high - (sum - 1.0)) + tail);
  const std::uint64_t exponent = bits_of(shifted) - bits_of(whole) + 2048;
  const std::uint64_t half = exponent / 2;
  return e * double_of((half - 1) << 52) * double_of((exponent - half - 1) << 52);
}

}  // namespace

void exps_below_one(std::span<double> values) {
  for (double& value : values) value = exp_below_one(value);
}

void sigmoids(std::span<double> values) {
  for (double& value : values) {
    const double z = value;
    const double odds = exp_below_one(-double_of(bits_of(z) & ~sign_bit));
    const double p = (z < 0.0 ? odds : 1.0) / (1.0 + odds);
    value = z == z ? p : canonical_nan;
  }
}

double logit(double probability) {
  if (is_nan(probability)) return canonical_nan;
  constexpr double least = 0x1p-1074;
  constexpr double most = 1.0 - 0x1p-53;
  const double p = probability < least ? least : probability > most ? most : probability;
  // Near a half the odds are near 1, and 2 p - 1 is exact.
  if (p > 0.25 && p < 0.5) return -deterministic_log1p((1.0 - 2.0 * p) / p);
  if (p >= 0.5 && p < 0.75) return deterministic_log1p((2.0 * p - 1.0) / (1.0 - p));
  return deterministic_log(p) - deterministic_log1p(-p);
}

double round_half_even(double x) {
  // From 2^52 on every double is whole. Below, adding 2^52 leaves no room for a fraction.
  constexpr double whole = 0x1p52;
  const double magnitude = with_sign_of(x, 1.0);
  if (!(magnitude < whole)) return is_nan(x) ? canonical_nan : x;
  return with_sign_of((magnitude + whole) - whole, x);
}

float round_half_even(float x) {
  constexpr float whole = 0x1p23f;
  constexpr std::uint32_t sign = std::uint32_t{1} << 31;
  const auto bits = __builtin_bit_cast(std::uint32_t, x);
  const float magnitude = __builtin_bit_cast(float, bits & ~sign);
  if (!(magnitude < whole)) return x != x ? __builtin_nanf("") : x;
  const float rounded = (magnitude + whole) - whole;
  return __builtin_bit_cast(float, __builtin_bit_cast(std::uint32_t, rounded) | (bits & sign));
}

bool to_micros(double currency_units, std::int64_t* micros) {
  const double rounded = round_half_even(currency_units * 1e6);
  if (!(rounded >= -0x1p63 && rounded < 0x1p63)) return false;
  *micros = static_cast<std::int64_t>(rounded);
  return true;
}

bool add_checked(std::int64_t a, std::int64_t b, std::int64_t* sum) {
  std::int64_t result;
  if (__builtin_add_overflow(a, b, &result)) return false;
  *sum = result;
  return true;
}

// IEEE 754 demands the correctly rounded root and leaves NaN's sign to the machine. A compiler may
// take the root of a negative number for a NaN like any other, so none is ever taken.
double deterministic_sqrt(double x) {
  const double root = __builtin_sqrt(x > 0.0 ? x : 0.0);
  return x > 0.0 ? root : (x == 0.0 ? x : canonical_nan);
}

bool is_nan(double x) { return (bits_of(x) & ~sign_bit) > infinity_bits; }

}  // namespace guardrank
