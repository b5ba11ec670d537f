// platt: a z + b. Platt, Probabilistic outputs for support vector machines, 1999.
#include "core/calibration/calibrators.h"

namespace guardrank {
namespace {

double calibrated_logit(const Calibrator& calibrator, double z) {
  return calibrator.a * z + calibrator.b;
}

}  // namespace

const CalibratorOp platt_calibrator = {CalibratorKind::platt, "platt", calibrated_logit, nullptr};

}  // namespace guardrank
