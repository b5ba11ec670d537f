// A head's calibrators, its segments' too, from its rows of the holdout.
#pragma once

#include "models/pack/weights/holdout.h"

namespace guardrank::pack {

// A segment with fewer of them, or with nothing else, has the head's own calibrator.
inline constexpr std::uint64_t least_segment_positives = 20;

// Throws PackError (Status::calibrator) where the head's rows do not have both labels.
void fit_head(const HoldoutHead& rows, Memory* memory, TrainedHead* head);

// By the number that a row has; null: the head's own.
std::vector<const SegmentCalibrator*> segment_calibrators(const TrainedHead& head);

}  // namespace guardrank::pack
