// The kinds of calibrator. Each stands in a file of its own under calibrators/ and has one line in
// the table of calibrators.cc.
#pragma once

#include <string_view>

#include "core/artifact/model.h"

namespace guardrank {

// `z`: the corrected logit. A kind maps it to a calibrated logit, or straight to a probability.
struct CalibratorOp {
  CalibratorKind kind;
  std::string_view name;
  double (*calibrated_logit)(const Calibrator& calibrator, double z);  // null: probability only
  double (*probability)(const Calibrator& calibrator, double z);       // null: sigmoid of the logit
};

// The identity for a number that is no kind.
const CalibratorOp& find_calibrator(CalibratorKind kind);

extern const CalibratorOp identity_calibrator, platt_calibrator, temperature_calibrator,
    beta_calibrator, isotonic_calibrator;

}  // namespace guardrank
