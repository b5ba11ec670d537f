// Fitted calibrators: known parameters come back, awkward labels stay bounded.
#include "models/pack/calibrate/fit_calibrator.h"

#include <cmath>
#include <random>

#include <doctest/doctest.h>

#include "models/pack/calibrate/logistic.h"
#include "tests/pack/weights_folder.h"

using guardrank::Calibrator;
using guardrank::CalibratorKind;
using namespace guardrank::pack;

namespace {

struct Rows {
  std::vector<double> z;
  std::vector<std::uint8_t> labels;
};

template <typename Truth> Rows draw(std::size_t n, const Truth &truth) {
  std::mt19937_64 random(7);
  std::normal_distribution<double> normal(-1, 2);
  std::uniform_real_distribution<double> uniform;
  Rows rows;
  for (std::size_t i = 0; i < n; ++i) {
    rows.z.push_back(normal(random));
    rows.labels.push_back(
        uniform(random) < 1 / (1 + std::exp(-truth(rows.z.back()))) ? 1 : 0);
  }
  return rows;
}

Calibrator fit(CalibratorKind kind, const Rows &rows, Memory *memory) {
  return fit_calibrator(kind, rows.z, rows.labels, memory);
}

} // namespace

TEST_CASE("parameters that made the labels are recovered") {
  Memory memory;
  const Rows linear = draw(200'000, [](double z) { return 0.7 * z - 0.4; });
  const Calibrator platt = fit(CalibratorKind::platt, linear, &memory);
  CHECK(platt.a == doctest::Approx(0.7).epsilon(0.02));
  CHECK(platt.b == doctest::Approx(-0.4).epsilon(0.04));
  const Rows scaled = draw(200'000, [](double z) { return z / 1.6; });
  CHECK(fit(CalibratorKind::temperature, scaled, &memory).t ==
        doctest::Approx(1.6).epsilon(0.02));
  const Rows curved = draw(400'000, [](double z) {
    const double p = 1 / (1 + std::exp(-z));
    return 1.3 * std::log(p) - 0.6 * std::log(1 - p) + 0.5;
  });
  const Calibrator beta = fit(CalibratorKind::beta, curved, &memory);
  CHECK(beta.a == doctest::Approx(1.3).epsilon(0.05));
  CHECK(beta.b == doctest::Approx(0.6).epsilon(0.05));
  CHECK(beta.c == doctest::Approx(0.5).epsilon(0.1));
}

TEST_CASE("beta keeps its signs where the free fit would not") {
  Memory memory;
  // Likeliest in the middle: no monotone curve fits, and a or b would turn
  // negative.
  const Rows bump = draw(20'000, [](double z) { return 2 - z * z; });
  const Calibrator beta = fit(CalibratorKind::beta, bump, &memory);
  CHECK(beta.a >= 0);
  CHECK(beta.b >= 0);
  CHECK(std::isfinite(beta.c));
}

TEST_CASE("platt is flat where the free fit would fall") {
  Memory memory;
  const Rows falling = draw(20'000, [](double z) { return -0.8 * z - 1; });
  const Calibrator platt = fit(CalibratorKind::platt, falling, &memory);
  double n_positives = 0;
  for (std::uint8_t label : falling.labels)
    n_positives += label;
  const double n_negatives =
      static_cast<double>(falling.labels.size()) - n_positives;
  CHECK(platt.a == 0);
  CHECK(platt.b == doctest::Approx(std::log(n_positives / n_negatives)));
}

TEST_CASE("separated labels stay bounded") {
  Memory memory;
  Rows rows;
  for (int i = 0; i < 100; ++i) {
    rows.z.push_back(i < 50 ? -1 - 0.01 * i : 1 + 0.01 * i);
    rows.labels.push_back(i < 50 ? 0 : 1);
  }
  const Calibrator platt = fit(CalibratorKind::platt, rows, &memory);
  // Platt's targets are 51/52 and 1/52: logits near +-3.93 at the means of
  // +-1.25 and 1.745.
  CHECK(platt.a > 1);
  CHECK(platt.a < 4);
  const Calibrator beta = fit(CalibratorKind::beta, rows, &memory);
  CHECK(beta.a + beta.b < 20);
  CHECK(std::isfinite(beta.c));
  CHECK(fit(CalibratorKind::temperature, rows, &memory).t >= 1e-3);
}

TEST_CASE("one label alone is refused") {
  Memory memory;
  Rows rows{{0, 1, 2}, {1, 1, 1}};
  const auto error = guardrank::testing::error_of(
      [&] { fit(CalibratorKind::platt, rows, &memory); });
  CHECK(error.status() == guardrank::Status::calibrator);
}

TEST_CASE("isotonic pools violators, with ties as one") {
  // Pools by hand: (.1: 0), (.2 twice: 1/2 and 0 -> with .3's 0: mean 1/3),
  // (.4: 1).
  const std::vector<double> x = {0.4, 0.2, 0.1, 0.3, 0.2};
  const std::vector<std::uint8_t> y = {1, 1, 0, 0, 0};
  const Knots knots = fit_isotonic(x, y, 100);
  REQUIRE(knots.x == std::vector<double>{0.1, 0.2, 0.3, 0.4});
  CHECK(knots.y[0] == 0);
  CHECK(knots.y[1] == doctest::Approx(1.0 / 3));
  CHECK(knots.y[2] == knots.y[1]);
  CHECK(knots.y[3] == 1);
}

TEST_CASE("isotonic keeps within the limit of knots") {
  std::vector<double> x;
  std::vector<std::uint8_t> y;
  std::mt19937_64 random(3);
  for (int i = 0; i < 20'000; ++i) {
    x.push_back(i / 20'000.0);
    y.push_back(random() % 20'000 < static_cast<std::uint64_t>(i) ? 1 : 0);
  }
  const Knots knots = fit_isotonic(x, y, 50);
  REQUIRE(knots.x.size() == 50);
  CHECK(knots.x.front() == 0);
  CHECK(knots.x.back() == x.back());
  for (std::size_t i = 1; i < 50; ++i) {
    CHECK(knots.x[i - 1] < knots.x[i]);
    CHECK(knots.y[i - 1] <= knots.y[i]);
  }
}

TEST_CASE("logistic regression survives columns without information") {
  const std::vector<double> zeros(10, 0.0), ones(10, 1.0);
  const std::vector<double> targets = {1, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  const std::span<const double> columns[] = {zeros, ones, ones};
  const LogisticFit fit = fit_logistic(columns, targets);
  CHECK(std::isfinite(fit.weights[0]));
  CHECK(fit.weights[1] + fit.weights[2] ==
        doctest::Approx(std::log(1.0 / 9)).epsilon(1e-6));
}
