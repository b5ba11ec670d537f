// temperature: z / t. Guo et al., On calibration of modern neural networks, ICML 2017.
#include "core/calibration/calibrators.h"

namespace guardrank {
namespace {

double calibrated_logit(const Calibrator& calibrator, double z) { return z / calibrator.t; }

}  // namespace

const CalibratorOp temperature_calibrator = {CalibratorKind::temperature, "temperature",
                                             calibrated_logit, nullptr};

}  // namespace guardrank
