#include <doctest/doctest.h>

#include <algorithm>
#include <cfenv>
#include <cfloat>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "core/base/hash.h"
#include "core/base/math.h"
#include "core/base/random.h"

namespace guardrank {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

std::uint64_t bits_of(double x) { return __builtin_bit_cast(std::uint64_t, x); }

// Distance from the true value in units of the last place of a double of that size. Needs a long
// double that is wider than a double, which is so on x86 and aarch64.
double ulps(double got, long double wanted) {
  static_assert(LDBL_MANT_DIG >= 64);
  int exponent;
  std::frexp(static_cast<double>(wanted), &exponent);
  const long double ulp = std::ldexp(1.0L, std::max(exponent - 53, -1074));
  return static_cast<double>(std::fabs((got - wanted) / ulp));
}

double any_positive(std::mt19937_64* random) {
  while (true) {
    const double x = __builtin_bit_cast(double, (*random)() >> 1);
    if (std::isfinite(x) && x > 0) return x;
  }
}

double unit(std::mt19937_64* random) { return static_cast<double>((*random)() >> 11) * 0x1p-53; }

constexpr int n_sweep = 300'000;
constexpr std::uint64_t canonical_nan = 0x7FF8000000000000;

}  // namespace

TEST_CASE("exp is within one unit of the last place") {
  std::mt19937_64 random(1);
  double worst = 0;
  for (int i = 0; i < n_sweep; ++i) {
    const double wide = (unit(&random) - 0.5) * 1488;
    const double x = i % 3 == 0 ? wide : (unit(&random) - 0.5) * (i % 3 == 1 ? 4 : 80);
    if (x > 709.78) continue;
    worst = std::max(worst, ulps(deterministic_exp(x), std::exp(static_cast<long double>(x))));
  }
  CHECK(worst < 1.0);
  CHECK(worst > 0.49);   // the measure itself sees rounding
}

TEST_CASE("log and log1p are within one unit of the last place") {
  std::mt19937_64 random(2);
  double worst_log = 0, worst_log1p = 0;
  for (int i = 0; i < n_sweep; ++i) {
    const double x = i % 2 == 0 ? any_positive(&random) : unit(&random) * 3;
    if (x > 0) {
      worst_log =
          std::max(worst_log, ulps(deterministic_log(x), std::log(static_cast<long double>(x))));
    }
    double y = any_positive(&random);
    if (i % 3 == 1) y = unit(&random) * 4 - 0.9999999;
    if (i % 3 == 2) y = std::ldexp(unit(&random) - 0.5, -static_cast<int>(random() % 70));
    worst_log1p = std::max(worst_log1p,
                           ulps(deterministic_log1p(y), std::log1p(static_cast<long double>(y))));
  }
  CHECK(worst_log < 1.0);
  CHECK(worst_log1p < 1.0);
}

TEST_CASE("special values of exp and log") {
  CHECK(deterministic_exp(0.0) == 1.0);
  CHECK(deterministic_exp(-0.0) == 1.0);
  CHECK(deterministic_exp(infinity) == infinity);
  CHECK(bits_of(deterministic_exp(-infinity)) == 0);
  CHECK(std::isfinite(deterministic_exp(709.782712893384)));   // ln of the largest double
  CHECK(deterministic_exp(709.7827128933841) == infinity);
  CHECK(deterministic_exp(1e300) == infinity);
  CHECK(deterministic_exp(-745.13) == 0x1p-1074);              // just over ln(2^-1075)
  CHECK(bits_of(deterministic_exp(-745.14)) == 0);
  CHECK(bits_of(deterministic_exp(-1e300)) == 0);
  CHECK(deterministic_exp(0x1p-1074) == 1.0);

  CHECK(deterministic_log(0.0) == -infinity);
  CHECK(deterministic_log(-0.0) == -infinity);
  CHECK(bits_of(deterministic_log(1.0)) == 0);
  CHECK(deterministic_log(infinity) == infinity);
  CHECK(deterministic_log(0x1p-1074) == doctest::Approx(-744.4400719213812).epsilon(1e-15));
  CHECK(bits_of(deterministic_log(-1.0)) == canonical_nan);
  CHECK(bits_of(deterministic_log(-infinity)) == canonical_nan);

  CHECK(bits_of(deterministic_log1p(0.0)) == 0);
  CHECK(bits_of(deterministic_log1p(-0.0)) == bits_of(-0.0));
  CHECK(deterministic_log1p(-1.0) == -infinity);
  CHECK(deterministic_log1p(infinity) == infinity);
  CHECK(bits_of(deterministic_log1p(-1.5)) == canonical_nan);
  CHECK(deterministic_log1p(0x1p-1074) == 0x1p-1074);
  CHECK(deterministic_log1p(DBL_MAX) == doctest::Approx(709.782712893384).epsilon(1e-15));
}

TEST_CASE("square roots are those of libm, NaN canonical, zero keeps its sign") {
  for (std::uint64_t i = 0; i < 2000; ++i) {
    const double x = std::ldexp(uniform(3, 1, i), static_cast<int>(i % 200) - 100);
    REQUIRE(deterministic_sqrt(x) == std::sqrt(x));
  }
  CHECK(std::signbit(deterministic_sqrt(-0.0)));
  CHECK(deterministic_sqrt(INFINITY) == INFINITY);
  for (const double x : {-1.0, -HUGE_VAL, std::nan(""), -std::nan("")})
    CHECK(__builtin_bit_cast(std::uint64_t, deterministic_sqrt(x)) == 0x7FF8000000000000u);
}

TEST_CASE("NaNs come out canonical whatever goes in") {
  for (const std::uint64_t bits : {0x7FF8000000000001u, 0xFFF8000000000000u, 0x7FF0000000000001u,
                                   0xFFFFFFFFFFFFFFFFu}) {
    const double nan = __builtin_bit_cast(double, bits);
    CHECK(bits_of(deterministic_exp(nan)) == canonical_nan);
    CHECK(bits_of(deterministic_log(nan)) == canonical_nan);
    CHECK(bits_of(deterministic_log1p(nan)) == canonical_nan);
    CHECK(bits_of(sigmoid(nan)) == canonical_nan);
    CHECK(bits_of(logit(nan)) == canonical_nan);
    CHECK(bits_of(round_half_even(nan)) == canonical_nan);
    CHECK(is_nan(nan));
    CHECK_FALSE(is_finite(nan));
  }
  const float nan = deterministic_exp(-std::numeric_limits<float>::quiet_NaN());
  CHECK(__builtin_bit_cast(std::uint32_t, nan) == 0x7FC00000u);
}

TEST_CASE("float exp over the softmax's range and beyond") {
  std::mt19937_64 random(3);
  double worst = 0;
  for (int i = 0; i < n_sweep; ++i) {
    const float x = static_cast<float>(-87.0 * unit(&random));
    const long double wanted = std::exp(static_cast<long double>(x));
    int exponent;
    std::frexp(static_cast<double>(wanted), &exponent);
    const long double error = deterministic_exp(x) - wanted;
    const long double ulp = std::ldexp(1.0L, exponent - 24);
    worst = std::max(worst, static_cast<double>(std::fabs(error / ulp)));
  }
  CHECK(worst < 1.1);
  CHECK(deterministic_exp(0.0f) == 1.0f);
  CHECK(deterministic_exp(-200.0f) == 0.0f);
  CHECK(deterministic_exp(-std::numeric_limits<float>::infinity()) == 0.0f);
  CHECK(deterministic_exp(89.0f) == std::numeric_limits<float>::infinity());
  CHECK(std::isfinite(deterministic_exp(88.7f)));
}

TEST_CASE("sigmoid and logit undo each other") {
  CHECK(sigmoid(0.0) == 0.5);
  CHECK(sigmoid(infinity) == 1.0);
  CHECK(bits_of(sigmoid(-infinity)) == 0);
  CHECK(sigmoid(-800.0) == 0.0);
  CHECK(sigmoid(800.0) == 1.0);
  std::mt19937_64 random(4);
  double worst = 0, worst_logit = 0;
  for (int i = 0; i < n_sweep; ++i) {
    const double z = (unit(&random) - 0.5) * 80;
    worst = std::max(worst, ulps(sigmoid(z), 1 / (1 + std::exp(-static_cast<long double>(z)))));
    const double p = i % 2 == 0 ? unit(&random) : std::ldexp(unit(&random), -30);
    if (p == 0) continue;
    const long double odds = static_cast<long double>(p) / (1 - static_cast<long double>(p));
    const long double wanted = p > 0.25 && p < 0.75
                                   ? 2 * std::atanh(2 * static_cast<long double>(p) - 1)
                                   : std::log(odds);
    if (wanted != 0) worst_logit = std::max(worst_logit, ulps(logit(p), wanted));
  }
  CHECK(worst < 3);
  CHECK(worst_logit < 3);
  CHECK(bits_of(logit(0.5)) == 0);
  CHECK(logit(0.0) == logit(0x1p-1074));
  CHECK(logit(-1.0) == logit(0.0));
  CHECK(logit(0.0) == doctest::Approx(-744.4400719213812).epsilon(1e-15));
  CHECK(logit(1.0) == logit(1.0 - 0x1p-53));
  CHECK(logit(2.0) == doctest::Approx(36.7368005696771).epsilon(1e-14));   // 53 ln 2
}

TEST_CASE("sigmoids give the bits of sigmoid") {
  std::vector<double> values = {0.0,    -0.0,    745.2,   -745.2, 745.25, -745.25, 709.8, -709.8,
                                1e-310, -1e-310, 1e308, -1e308, infinity, -infinity, std::nan("")};
  std::mt19937_64 random(11);
  for (int i = 0; i < 20000; ++i) {
    values.push_back(__builtin_bit_cast(double, random()));
    values.push_back((static_cast<double>(random() >> 11) * 0x1p-53 - 0.5) * 1520);
  }
  std::vector<double> together = values;
  sigmoids(together);
  for (std::size_t i = 0; i < values.size(); ++i) {
    CAPTURE(values[i]);
    CHECK(bits_of(together[i]) ==
          bits_of(sigmoid(values[i])));
  }
}

TEST_CASE("exps below one give the bits of exp") {
  std::vector<double> values = {-0.0, 0.0, -745.2, -745.25, -708.5, -1e-310, -1e308, -infinity};
  std::mt19937_64 random(12);
  for (int i = 0; i < 20000; ++i) {
    values.push_back(static_cast<double>(random() >> 11) * 0x1p-53 * -760);
    values.push_back(static_cast<double>(random() >> 11) * -0x1p-54);
  }
  std::vector<double> together = values;
  exps_below_one(together);
  for (std::size_t i = 0; i < values.size(); ++i) {
    CAPTURE(values[i]);
    CHECK(bits_of(together[i]) == bits_of(deterministic_exp(values[i])));
  }
}

TEST_CASE("rounding half to even") {
  const struct {
    double x, rounded;
  } cases[] = {{0.5, 0},   {1.5, 2},   {2.5, 2},  {-0.5, -0.0}, {-1.5, -2}, {-2.5, -2},
               {0.49999999999999994, 0},          {0.0, 0.0},   {-0.0, -0.0}, {-0.1, -0.0},
               {4503599627370495.5, 4503599627370496},
               {4503599627370494.5, 4503599627370494},
               {4503599627370497, 4503599627370497},
                         {1e300, 1e300}, {-1e300, -1e300},
               {infinity, infinity}, {-infinity, -infinity},    {0x1p-1074, 0}};
  for (const auto& one : cases) {
    CAPTURE(one.x);
    CHECK(bits_of(round_half_even(one.x)) == bits_of(one.rounded));
  }
  std::mt19937_64 random(5);
  for (int i = 0; i < n_sweep; ++i) {
    const double x = __builtin_bit_cast(double, random());
    if (std::isnan(x)) continue;
    REQUIRE(bits_of(round_half_even(x)) == bits_of(std::nearbyint(x)));
    const float y = __builtin_bit_cast(float, static_cast<std::uint32_t>(random()));
    if (std::isnan(y)) continue;
    const float rounded = round_half_even(y), wanted = std::nearbyint(y);
    REQUIRE(std::memcmp(&rounded, &wanted, 4) == 0);
  }
}

TEST_CASE("currency to micros") {
  std::int64_t micros = 42;
  REQUIRE(to_micros(1.8342020, &micros));
  CHECK(micros == 1'834'202);
  REQUIRE(to_micros(-0.0000005, &micros));   // half of a micro
  CHECK(micros == 0);
  REQUIRE(to_micros(0.0000015, &micros));
  CHECK(micros == 2);
  REQUIRE(to_micros(-8796093022208.0, &micros));   // -2^43: exact in micros too
  CHECK(micros == -8'796'093'022'208'000'000);
  micros = 42;
  CHECK_FALSE(to_micros(9223372036854.776, &micros));
  CHECK_FALSE(to_micros(1e300, &micros));
  CHECK_FALSE(to_micros(-1e300, &micros));
  CHECK_FALSE(to_micros(infinity, &micros));
  CHECK_FALSE(to_micros(std::nan(""), &micros));
  CHECK(micros == 42);
}

TEST_CASE("checked addition") {
  std::int64_t sum = 42;
  REQUIRE(add_checked(INT64_MAX, -1, &sum));
  CHECK(sum == INT64_MAX - 1);
  CHECK_FALSE(add_checked(INT64_MAX, 1, &sum));
  CHECK_FALSE(add_checked(INT64_MIN, -1, &sum));
  CHECK(sum == INT64_MAX - 1);
}

TEST_CASE("the host's rounding mode neither matters nor is lost") {
  volatile double one = 1.0, tiny = 0x1p-80;
  const double before = deterministic_exp(0.3) + round_half_even(2.5);
  REQUIRE(std::fesetround(FE_UPWARD) == 0);
  const bool rose_before = one + tiny > 1.0;
  bool rose_inside, same_bits;
  {
    const FloatingPointEnvironment environment;
    rose_inside = one + tiny > 1.0;
    same_bits = bits_of(deterministic_exp(0.3) + round_half_even(2.5)) == bits_of(before);
  }
  const bool rose_after = one + tiny > 1.0;
  REQUIRE(std::fesetround(FE_TONEAREST) == 0);
  CHECK(rose_before);
  CHECK_FALSE(rose_inside);
  CHECK(same_bits);
  CHECK(rose_after);
}

// The very bits of a long sweep, as computed by gcc at -O0: any compiler, level or machine that
// differs in one bit anywhere fails. Every value in it is held against libm above.
TEST_CASE("the bits are those of every other build") {
  std::mt19937_64 random(6);
  Sha256 hash;
  const auto add = [&](double x) {
    const std::uint64_t bits = bits_of(x);
    std::uint8_t bytes[8];
    for (int i = 0; i < 8; ++i) bytes[i] = static_cast<std::uint8_t>(bits >> (8 * i));
    hash.add(bytes);
  };
  for (int i = 0; i < 20'000; ++i) {
    const double x = __builtin_bit_cast(double, random());
    const double small = (unit(&random) - 0.5) * 100;
    for (const double value : {x, small}) {
      add(deterministic_exp(value));
      add(deterministic_log(value));
      add(deterministic_log1p(value));
      add(sigmoid(value));
      add(static_cast<double>(deterministic_exp(static_cast<float>(small))));
    }
    add(logit(unit(&random)));
  }
  const DigestText text = digest_text(hash.finish());
  CHECK(std::string_view(text.data(), text.size()) ==
        "sha256:b7a0e2522bcc5f13bd71cdd1d90bcb3bb3f499825dfef7559f40ca6206b4a6d9");
}

// Random123's known answers (kat_vectors) for philox4x32-10: the first two words of the result.
TEST_CASE("Philox known answers") {
  const auto number = [](std::uint64_t low, std::uint64_t high) {
    return static_cast<double>((high << 32 | low) >> 11) * 0x1p-53;
  };
  CHECK(uniform(0, 0, 0) == number(0x6627e8d5, 0xe169c58d));
  CHECK(uniform(UINT64_MAX, UINT64_MAX, UINT64_MAX) == number(0x408f276d, 0x41c83b0e));
  CHECK(uniform(0x299f31d0a4093822, 0x0370734413198a2e, 0x85a308d3243f6a88) ==
        number(0xd16cfe09, 0x94fdcceb));
}

TEST_CASE("uniform numbers are uniform") {
  constexpr int n = 100'000;
  double sum = 0, squares = 0;
  for (int i = 0; i < n; ++i) {
    const double x = uniform(7, 3, static_cast<std::uint64_t>(i));
    REQUIRE(x >= 0);
    REQUIRE(x < 1);
    sum += x;
    squares += x * x;
  }
  // Five standard errors of the mean of n uniforms (variance 1/12) and of their squares (4/45).
  CHECK(std::fabs(sum / n - 0.5) < 5 * std::sqrt(1.0 / 12 / n));
  CHECK(std::fabs(squares / n - 1.0 / 3) < 5 * std::sqrt(4.0 / 45 / n));
}

}  // namespace guardrank
