// beta: a ln p - b ln(1 - p) + c on p = sigmoid(z). Kull et al., Beta calibration, AISTATS 2017.
#include "core/base/math.h"
#include "core/calibration/calibrators.h"

namespace guardrank {
namespace {

// ln(1 + e^x) without overflow: ln p = -softplus(-z) and ln(1 - p) = -softplus(z), which keep their
// digits where p is next to 0 or 1.
double softplus(double x) {
  return x > 0 ? x + deterministic_log1p(deterministic_exp(-x))
               : deterministic_log1p(deterministic_exp(x));
}

double calibrated_logit(const Calibrator& calibrator, double z) {
  return -calibrator.a * softplus(-z) + calibrator.b * softplus(z) + calibrator.c;
}

}  // namespace

const CalibratorOp beta_calibrator = {CalibratorKind::beta, "beta", calibrated_logit, nullptr};

}  // namespace guardrank
