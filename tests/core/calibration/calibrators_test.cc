// Single values. Decimal constants are numpy's or, near 0 and 1, those of Python's decimal module
// with 60 digits; the formula stands above each. sig = lambda z: 1 / (1 + exp(-z))
#include <doctest/doctest.h>

#include "core/calibration/calibration.h"

using namespace guardrank;

namespace {

doctest::Approx near(double value) { return doctest::Approx(value).epsilon(1e-13); }

Calibrator platt(double a, double b) {
  Calibrator calibrator;
  calibrator.kind = CalibratorKind::platt;
  calibrator.a = a;
  calibrator.b = b;
  return calibrator;
}

Calibrator temperature(double t) {
  Calibrator calibrator;
  calibrator.kind = CalibratorKind::temperature;
  calibrator.t = t;
  return calibrator;
}

Calibrator beta(double a, double b, double c) {
  Calibrator calibrator;
  calibrator.kind = CalibratorKind::beta;
  calibrator.a = a;
  calibrator.b = b;
  calibrator.c = c;
  return calibrator;
}

constexpr double knots_x[] = {0.1, 0.3, 0.6, 0.9};
constexpr double knots_y[] = {0.02, 0.25, 0.25, 0.8};

Calibrator isotonic() {
  Calibrator calibrator;
  calibrator.kind = CalibratorKind::isotonic;
  calibrator.x = knots_x;
  calibrator.y = knots_y;
  return calibrator;
}

}  // namespace

TEST_CASE("sampling correction adds ln q") {
  Head head;
  head.negative_sampling_rate = 0.1;
  head.sampling_handled = SamplingHandled::correct;
  // -0.66 + log(0.1), the example of contracts.md
  const double z = correct_logit(head, -0.66);
  CHECK(z == near(-2.9625850929940456));
  // q p' / (1 - (1 - q) p') with p' = sig(-0.66)
  CHECK(calibrate({}, z) == near(0.049145064245284364));
}

TEST_CASE("weighted heads are not corrected; a positive weight is") {
  Head head;
  head.negative_sampling_rate = 0.1;
  head.sampling_handled = SamplingHandled::weighted;
  CHECK(correct_logit(head, -0.66) == -0.66);
  head.sampling_handled = SamplingHandled::none;
  CHECK(correct_logit(head, 1.25) == 1.25);
  head.sampling_handled = SamplingHandled::correct;
  head.negative_sampling_rate = 0.25;
  head.positive_weight = 3.0;
  CHECK(correct_logit(head, 0.4) == near(-2.084906649788));  // 0.4 + log(0.25) - log(3)
}

TEST_CASE("platt: sig(1.1 z + 0.1)") {
  CHECK(calibrate(platt(1.1, 0.1), -2.9626) == near(0.040743585493990646));
  CHECK(calibrate(platt(1.1, 0.1), 0.0) == near(0.52497918747894));
  CHECK(calibrate(platt(1.1, 0.1), 3.5) == near(0.9811090380629609));
}

TEST_CASE("temperature: sig(z / 1.7)") {
  CHECK(calibrate(temperature(1.7), -2.9626) == near(0.14896956323170396));
  CHECK(calibrate(temperature(1.7), 0.0) == 0.5);
  CHECK(calibrate(temperature(1.7), 3.5) == near(0.8868361556633125));
}

TEST_CASE("beta: sig(1.3 ln p - 0.7 ln(1 - p) - 0.2)") {
  CHECK(calibrate(beta(1.3, 0.7, -0.2), -2.9626) == near(0.016599958195599316));
  CHECK(calibrate(beta(1.3, 0.7, -0.2), 0.0) == near(0.3507171681314034));
  CHECK(calibrate(beta(1.3, 0.7, -0.2), 3.5) == near(0.9030996480918324));
}

TEST_CASE("beta keeps its digits where p is next to 0 or 1") {
  CHECK(calibrate(beta(1, 2, 0), -40.0) == near(4.248354255291589e-18));
  CHECK(calibrate(beta(0.5, 0.5, 0), 40.0) == near(0.9999999979388463818));
  CHECK(calibrate(beta(1, 1, 0), 800.0) == 1.0);
  CHECK(calibrate(beta(1, 1, 0), -800.0) == 0.0);
}

TEST_CASE("isotonic: numpy.interp(sig(z), x, y)") {
  CHECK(calibrate(isotonic(), -4.0) == 0.02);
  CHECK(calibrate(isotonic(), -2.0) == near(0.04208336032543518));
  CHECK(calibrate(isotonic(), -0.5) == 0.25);
  CHECK(calibrate(isotonic(), 0.0) == 0.25);
  CHECK(calibrate(isotonic(), 1.0) == near(0.4902740608216757));
  CHECK(calibrate(isotonic(), 1.5) == near(0.6488865396883468));
  CHECK(calibrate(isotonic(), 4.0) == 0.8);
  const double x[] = {0.5}, y[] = {0.125};
  Calibrator single = isotonic();
  single.x = x;
  single.y = y;
  CHECK(calibrate(single, 0.0) == 0.125);
  CHECK(calibrate(single, 9.0) == 0.125);
}

TEST_CASE("segments mix in the logit with weight n / (n + kappa)") {
  // z0 + 420/520 (zs - z0), z0 = z, zs = 1.1 z + 0.1, z = -1.2
  CHECK(calibrate_segment({}, {"prime", platt(1.1, 0.1), 420}, 100, -1.2) ==
        near(0.22861401037025506));
  // the same with z0 = z / 1.7 and zs = 1.3 ln p - 0.7 ln(1 - p) - 0.2
  CHECK(calibrate_segment(temperature(1.7), {"prime", beta(1.3, 0.7, -0.2), 420}, 100, -1.2) ==
        near(0.15645091126425553));
}

TEST_CASE("segments mix in p where either is isotonic") {
  // p0 + 420/520 (ps - p0), p0 = sig(z / 1.7), ps = numpy.interp(sig(z), x, y), z = -1.2
  CHECK(calibrate_segment(temperature(1.7), {"prime", isotonic(), 420}, 100, -1.2) ==
        near(0.20183358133224163));
}

TEST_CASE("a segment without positives leaves the head's own, one without kappa takes over") {
  const Calibrator own = temperature(1.7);
  CHECK(calibrate_segment(own, {"x", platt(3, 1), 0}, 0, -1.2) == calibrate(own, -1.2));
  CHECK(calibrate_segment(own, {"x", platt(3, 1), 0}, 50, -1.2) == calibrate(own, -1.2));
  CHECK(calibrate_segment(own, {"x", isotonic(), 10}, 0, -1.2) ==
        near(calibrate(isotonic(), -1.2)));
}

TEST_CASE("expected amount: exp(mu + s^2 / 2) ratio") {
  Head head;
  head.kind = HeadKind::log_amount;
  head.log_sigma = 0.7;
  head.ratio = 1.05;
  CHECK(expected_amount(head, 3.2) == near(32.910447619002866));
}
