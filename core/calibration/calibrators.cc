#include "core/calibration/calibrators.h"

#include "core/base/math.h"
#include "core/calibration/calibration.h"

namespace guardrank {
namespace {

constexpr const CalibratorOp* calibrators[] = {
    &identity_calibrator, &platt_calibrator,    &temperature_calibrator,
    &beta_calibrator,     &isotonic_calibrator,
};

// Share of the segment's own calibrator; nothing is known of a segment without positives.
double segment_weight(double positives, double kappa) {
  return positives > 0 ? positives / (positives + kappa) : 0.0;
}

double mix(double own, double segment, double weight) { return own + weight * (segment - own); }

}  // namespace

const CalibratorOp& find_calibrator(CalibratorKind kind) {
  for (const CalibratorOp* op : calibrators) {
    if (op->kind == kind) return *op;
  }
  return identity_calibrator;
}

double calibrate(const Calibrator& calibrator, double z) {
  const CalibratorOp& op = find_calibrator(calibrator.kind);
  if (op.probability != nullptr) return op.probability(calibrator, z);
  return sigmoid(op.calibrated_logit(calibrator, z));
}

double calibrate_segment(const Calibrator& own, const SegmentCalibrator& segment, double kappa,
                         double z) {
  const double weight = segment_weight(segment.positives, kappa);
  if (weight == 0) return calibrate(own, z);
  const CalibratorOp& own_op = find_calibrator(own.kind);
  const CalibratorOp& segment_op = find_calibrator(segment.calibrator.kind);
  if (own_op.calibrated_logit == nullptr || segment_op.calibrated_logit == nullptr) {
    return mix(calibrate(own, z), calibrate(segment.calibrator, z), weight);
  }
  return sigmoid(mix(own_op.calibrated_logit(own, z),
                     segment_op.calibrated_logit(segment.calibrator, z), weight));
}

double correct_logit(const Head& head, double logit) {
  double corrected = logit;
  if (head.sampling_handled == SamplingHandled::correct) {
    corrected += deterministic_log(head.negative_sampling_rate);
  }
  return corrected - deterministic_log(head.positive_weight);
}

double expected_amount(const Head& head, double mu) {
  return deterministic_exp(mu + head.log_sigma * head.log_sigma / 2) * head.ratio;
}

}  // namespace guardrank
