#include "models/pack/calibrate/fit_head.h"

#include <algorithm>

#include "core/calibration/calibration.h"
#include "models/pack/calibrate/fit_calibrator.h"
#include "models/pack/pack_error.h"

namespace guardrank::pack {
namespace {

struct SegmentRows {
  std::vector<double> z;
  std::vector<std::uint8_t> labels;
};

std::vector<SegmentRows> rows_by_segment(const std::vector<double>& z, const HoldoutHead& rows, std::size_t n) {
  std::vector<SegmentRows> found(n);
  for (std::size_t i = 0; i < z.size(); ++i) {
    if (rows.segments[i] < 0) continue;
    SegmentRows& segment = found[static_cast<std::size_t>(rows.segments[i])];
    segment.z.push_back(z[i]);
    segment.labels.push_back(rows.labels[i]);
  }
  return found;
}

void fit_segments(const std::vector<double>& z, const HoldoutHead& rows, Memory* memory, TrainedHead* head) {
  const std::vector<SegmentRows> all = rows_by_segment(z, rows, head->segments.size());
  std::vector<SegmentCalibrator> fitted;
  for (std::size_t s = 0; s < all.size(); ++s) {
    const auto positives = static_cast<std::uint64_t>(std::count(all[s].labels.begin(), all[s].labels.end(), 1));
    if (positives < least_segment_positives || positives == all[s].labels.size()) continue;
    SegmentCalibrator segment;
    segment.value = memory->text(head->segments[s]);
    segment.calibrator = fit_calibrator(*head->fit, all[s].z, all[s].labels, memory);
    segment.positives = static_cast<double>(positives);
    fitted.push_back(segment);
  }
  head->head.segments = memory->copy(fitted);
}

}  // namespace

void fit_head(const HoldoutHead& rows, Memory* memory, TrainedHead* head) {
  std::vector<double> z;
  for (const double logit : rows.logits) z.push_back(correct_logit(head->head, logit));
  try {
    head->head.calibrator = fit_calibrator(*head->fit, z, rows.labels, memory);
    if (head->fits_segments) fit_segments(z, rows, memory, head);
  } catch (const PackError& problem) {
    throw problem.within("holdout.safetensors: head " + std::string(head->head.name));
  }
}

std::vector<const SegmentCalibrator*> segment_calibrators(const TrainedHead& head) {
  std::vector<const SegmentCalibrator*> found;
  for (const std::string& name : head.segments) {
    const auto own = std::find_if(head.head.segments.begin(), head.head.segments.end(),
                                  [&](const SegmentCalibrator& segment) { return segment.value == name; });
    found.push_back(own == head.head.segments.end() ? nullptr : &*own);
  }
  return found;
}

}  // namespace guardrank::pack
