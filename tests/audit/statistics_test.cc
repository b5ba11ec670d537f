#include <cmath>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

#include "models/audit/statistics/exact_test.h"
#include "models/audit/statistics/intervals.h"
#include "models/audit/statistics/random.h"
#include "models/audit/statistics/resampling.h"

using namespace guardrank::audit;
using doctest::Approx;

TEST_CASE("Wilson's interval: the examples of Newcombe (1998), Statistics in Medicine 17, 857") {
  CHECK(wilson_interval({81, 263}).low == Approx(0.2553).epsilon(0.0002));
  CHECK(wilson_interval({81, 263}).high == Approx(0.3662).epsilon(0.0002));
  CHECK(wilson_interval({15, 148}).low == Approx(0.0624).epsilon(0.001));
  CHECK(wilson_interval({15, 148}).high == Approx(0.1605).epsilon(0.0005));
  CHECK(wilson_interval({0, 20}).low == 0);
  CHECK(wilson_interval({0, 20}).high == Approx(0.1611).epsilon(0.0005));
  CHECK(wilson_interval({20, 20}).high == 1);
  CHECK(wilson_interval({20, 20}).low == Approx(1 - 0.1611).epsilon(0.0005));
}

TEST_CASE("Newcombe's interval of a difference: 56/70 and 48/80, Statistics in Medicine 17, 873") {
  const Interval interval = difference_interval({56, 70}, {48, 80});
  CHECK(interval.low == Approx(0.0524).epsilon(0.001));
  CHECK(interval.high == Approx(0.3339).epsilon(0.001));
}

TEST_CASE("Koopman's interval of a ratio: his own example, 36/40 and 16/80") {
  const Interval interval = ratio_interval({36, 40}, {16, 80});
  CHECK(interval.low == Approx(2.94).epsilon(0.001));
  CHECK(interval.high == Approx(7.15).epsilon(0.001));
}

TEST_CASE("ratios without hits, or with nothing else") {
  CHECK(ratio_interval({0, 20}, {10, 20}).low == 0);
  CHECK(ratio_interval({0, 20}, {10, 20}).high < 0.5);
  CHECK(std::isinf(ratio_interval({10, 20}, {0, 20}).high));
  const Interval full = ratio_interval({20, 20}, {30, 30});
  CHECK(full.low < 1);
  CHECK(full.high > 1);
  CHECK(ratio_score({20, 20}, {30, 30}, 1) == 0);
  // The interval's ends are where the score is the quantile.
  const Interval interval = ratio_interval({3, 17}, {9, 21});
  CHECK(ratio_score({3, 17}, {9, 21}, interval.low) == Approx(normal_quantile).epsilon(1e-9));
  CHECK(ratio_score({3, 17}, {9, 21}, interval.high) == Approx(-normal_quantile).epsilon(1e-9));
}

TEST_CASE("Fisher's exact test by hand") {
  // The lady tasting tea, 3 of 4: tables of 0..4 have 1, 16, 36, 16, 1 of 70.
  const ExactTest tea = exact_test({3, 4}, {1, 4});
  CHECK(tea.fisher == Approx(34.0 / 70));
  CHECK(tea.mid_p == Approx(26.0 / 70));
  // 8/10 and 2/10 (SciPy).
  CHECK(exact_test({8, 10}, {2, 10}).fisher == Approx(0.023014137565221155).epsilon(1e-12));
  CHECK(exact_test({8, 10}, {2, 10}).mid_p == Approx(0.01753393665158371).epsilon(1e-12));
  // Only one table is possible.
  CHECK(exact_test({5, 5}, {7, 7}).fisher == 1);
  CHECK(exact_test({0, 5}, {0, 7}).fisher == 1);
}

TEST_CASE("counts behind a published ratio: 0.776 (Gill et al. 2020, 11(3), 137)") {
  const Share black{1657, 2608}, white{23218, 28361};
  CHECK(black.rate() / white.rate() == Approx(0.7760892259126223).epsilon(1e-14));
  CHECK(exact_test({1657, 2608}, {23218, 28361}).fisher ==
        Approx(1.1181498157978142e-97).epsilon(1e-9));    // SciPy
  const Interval interval = ratio_interval(black, white);
  CHECK(interval.low == Approx(0.7529308307053388).epsilon(1e-9));   // statsmodels
  CHECK(interval.high == Approx(0.7988274302081889).epsilon(1e-9));
}

TEST_CASE("random numbers are even, repeat by seed and differ by stream") {
  Random random(7, 3);
  double sum = 0, squares = 0;
  std::vector<int> counts(10, 0);
  constexpr int n = 100000;
  for (int i = 0; i < n; ++i) {
    const double u = random.uniform();
    sum += u;
    squares += u * u;
    ++counts[random.below(10)];
  }
  CHECK(sum / n == Approx(0.5).epsilon(0.01));
  CHECK(squares / n == Approx(1.0 / 3).epsilon(0.01));
  for (int count : counts) CHECK(std::abs(count - n / 10) < 500);    // 5 standard deviations: 474
  CHECK(Random(7, 3).next() == Random(7, 3).next());
  CHECK(Random(7, 3).next() != Random(7, 4).next());
  CHECK(Random(8, 3).next() != Random(7, 3).next());
}

TEST_CASE("percentiles lie between order statistics as NumPy's do") {
  std::vector<double> values;
  for (int i = 0; i <= 100; ++i) values.push_back(100 - i);
  values.push_back(std::nan(""));
  const Interval interval = percentile_interval(&values);
  CHECK(interval.low == Approx(2.5));
  CHECK(interval.high == Approx(97.5));
  std::vector<double> few = {1, 2, 3};
  CHECK(std::isnan(percentile_interval(&few).low));
}

TEST_CASE("standardized difference by hand") {
  // 1, 2, 3 and 3, 5: means 2 and 4, sums of squares 2 and 2, pooled deviation sqrt(4 / 3).
  Moments a(2.5), b(-1);
  for (double value : {1.0, 2.0, 3.0}) a.add(value, 1);
  for (double value : {3.0, 5.0}) b.add(value, 1);
  CHECK(standardized_difference(a, 3, b, 2) == Approx(-2 / std::sqrt(4.0 / 3)));
  Moments constant(5);
  constant.add(5, 1);
  CHECK(std::isnan(standardized_difference(constant, 1, constant, 1)));
}
