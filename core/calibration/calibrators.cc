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

// What sampling and weighting have moved a head's logits by.
class Correction {
 public:
  explicit Correction(const Head& head)
      : adds_rate_(head.sampling_handled == SamplingHandled::correct),
        log_rate_(adds_rate_ ? deterministic_log(head.negative_sampling_rate) : 0.0),
        log_weight_(deterministic_log(head.positive_weight)) {}

  double of(double logit) const { return (adds_rate_ ? logit + log_rate_ : logit) - log_weight_; }

 private:
  bool adds_rate_;
  double log_rate_, log_weight_;
};

// A head's own calibrator, or its segment's.
struct Part {
  const Calibrator* calibrator;
  const CalibratorOp* op;
};

bool have_logits(const Part (&parts)[2]) {
  return parts[0].op->calibrated_logit != nullptr &&
         (parts[1].op == nullptr || parts[1].op->calibrated_logit != nullptr);
}

double calibrated_logit(const Part& part, double z) {
  return part.op->calibrated_logit(*part.calibrator, z);
}

double probability(const Part& part, double z) {
  if (part.op->probability != nullptr) return part.op->probability(*part.calibrator, z);
  return sigmoid(calibrated_logit(part, z));
}

// read(own) mixed with read(segment) by weight.
void fill(const Part (&parts)[2], double weight, std::span<const double> z, std::span<double> out,
          double (*read)(const Part&, double)) {
  for (std::size_t row = 0; row < z.size(); ++row) {
    const double own = read(parts[0], z[row]);
    out[row] = parts[1].op == nullptr ? own : own + weight * (read(parts[1], z[row]) - own);
  }
}

}  // namespace

const CalibratorOp& find_calibrator(CalibratorKind kind) {
  for (const CalibratorOp* op : calibrators) {
    if (op->kind == kind) return *op;
  }
  return identity_calibrator;
}

void calibrate_rows(const Calibrator& own, const SegmentCalibrator* segment, double kappa,
                    std::span<const double> z, std::span<double> probabilities) {
  const double weight = segment != nullptr ? segment_weight(segment->positives, kappa) : 0.0;
  const Part parts[] = {{&own, &find_calibrator(own.kind)},
                        {weight != 0 ? &segment->calibrator : nullptr,
                         weight != 0 ? &find_calibrator(segment->calibrator.kind) : nullptr}};
  if (have_logits(parts)) {
    fill(parts, weight, z, probabilities, calibrated_logit);
    sigmoids(probabilities);
  } else {
    fill(parts, weight, z, probabilities, probability);
  }
}

double calibrate(const Calibrator& calibrator, double z) {
  double p;
  calibrate_rows(calibrator, nullptr, 0, {&z, 1}, {&p, 1});
  return p;
}

double calibrate_segment(const Calibrator& own, const SegmentCalibrator& segment, double kappa,
                         double z) {
  double p;
  calibrate_rows(own, &segment, kappa, {&z, 1}, {&p, 1});
  return p;
}

void correct_logits(const Head& head, std::span<const float> logits, std::span<double> corrected) {
  const Correction correction(head);
  for (std::size_t row = 0; row < logits.size(); ++row) {
    corrected[row] = correction.of(static_cast<double>(logits[row]));
  }
}

double correct_logit(const Head& head, double logit) { return Correction(head).of(logit); }

double expected_amount(const Head& head, double mu) {
  return deterministic_exp(mu + head.log_sigma * head.log_sigma / 2) * head.ratio;
}

}  // namespace guardrank
