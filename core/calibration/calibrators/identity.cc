// identity: the logit as it is.
#include "core/calibration/calibrators.h"

namespace guardrank {
namespace {

double calibrated_logit(const Calibrator&, double z) { return z; }

}  // namespace

const CalibratorOp identity_calibrator = {CalibratorKind::identity, "identity", calibrated_logit,
                                          nullptr};

}  // namespace guardrank
