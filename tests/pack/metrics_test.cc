// Metrics against values computed by hand; tests/parity/sklearn holds them
// against scikit-learn.
#include "models/pack/metrics/metrics.h"

#include <cmath>
#include <vector>

#include <doctest/doctest.h>

using namespace guardrank::pack;

namespace {

// Twelve rows with ties.
const std::vector<double> scores = {0.8, 0.8, 0.5, 0.3, 0.1, 0.2,
                                    0.8, 0.5, 0.6, 0.9, 0.5, 0.3};
const std::vector<std::uint8_t> labels = {1, 0, 1, 0, 0, 0, 1, 0, 1, 1, 0, 1};

} // namespace

TEST_CASE("areas with ties") {
  // By hand: of the 36 pairs, positives .9 .8 .8 .6 .5 .3 against negatives .8
  // .5 .5 .3 .2 .1. .9 wins 6; each .8 wins 5 and ties 1; .6 wins 5; .5 wins 3,
  // ties 2; .3 wins 2, ties 1.
  CHECK(auc(scores, labels) ==
        doctest::Approx((6 + 5.5 + 5.5 + 5 + 4 + 2.5) / 36));
  // Thresholds .9 .8 .6 .5 .3: precision 1/1, 3/4, 4/5, 5/8, 6/10; recall steps
  // 1 2 1 1 1 of 6.
  CHECK(pr_auc(scores, labels) ==
        doctest::Approx((1.0 + 2 * 0.75 + 0.8 + 0.625 + 0.6) / 6));
  CHECK(std::isnan(auc(scores, std::vector<std::uint8_t>(12, 1))));
  CHECK(std::isnan(pr_auc(scores, std::vector<std::uint8_t>(12, 0))));
}

TEST_CASE("log loss") {
  const std::vector<double> p = {0.9, 0.2};
  CHECK(log_loss(p, std::vector<std::uint8_t>{1, 0}) ==
        doctest::Approx(-(std::log(0.9) + std::log(0.8)) / 2));
  CHECK(std::isfinite(
      log_loss(std::vector<double>{0.0}, std::vector<std::uint8_t>{1})));
  CHECK(std::isnan(log_loss({}, {})));
}

TEST_CASE("calibration error over bins of equal mass") {
  // Two bins of two: means .85 and .15, labels 1/2 and 0: (|.85 - .5| + .15)
  // / 2.
  const std::vector<double> p = {0.9, 0.1, 0.8, 0.2};
  CHECK(calibration_error(p, std::vector<std::uint8_t>{1, 0, 0, 0}, 2) ==
        doctest::Approx((0.35 + 0.15) / 2));
  // A perfect forecast of certainty has none, whatever the bins.
  CHECK(calibration_error(std::vector<double>{1, 0, 1},
                          std::vector<std::uint8_t>{1, 0, 1}) == 0);
}

TEST_CASE("the order of rows of equal probability says nothing of calibration") {
  const std::vector<double> half(40, 0.5);
  std::vector<std::uint8_t> sorted(40), mixed(40);
  for (std::size_t i = 0; i < 40; ++i) {
    sorted[i] = i < 20;
    mixed[i] = i % 2;
  }
  CHECK(calibration_error(half, sorted, 15) == doctest::Approx(0));
  CHECK(calibration_error(half, mixed, 15) == doctest::Approx(0));
  // A run that two bins share has its mean in both: (.5 - 1/4) in one, (.5 * 2 + .1 * 2 - .5 - 1) / 4 in the other.
  const std::vector<double> p = {0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.1, 0.1};
  const double wanted = (4 * 0.5 - 2 + std::abs(1.2 - 1 - 1)) / 8;
  CHECK(calibration_error(p, std::vector<std::uint8_t>{1, 1, 1, 0, 0, 0, 1, 0}, 2) == doctest::Approx(wanted));
  CHECK(calibration_error(p, std::vector<std::uint8_t>{0, 1, 0, 0, 1, 1, 0, 1}, 2) == doctest::Approx(wanted));
}

TEST_CASE("lists") {
  const std::vector<std::uint8_t> list = {0, 1, 0, 1};
  const double gain = 1 / std::log2(3.0) + 1 / std::log2(5.0);
  CHECK(ndcg_at(list, 10) == doctest::Approx(gain / (1 + 1 / std::log2(3.0))));
  CHECK(ndcg_at(list, 1) == 0);
  CHECK(hit_rate_at(list, 1) == 0);
  CHECK(hit_rate_at(list, 2) == 1);
  CHECK(std::isnan(ndcg_at(std::vector<std::uint8_t>{0, 0}, 10)));
}
