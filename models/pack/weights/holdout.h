// holdout.safetensors: the float model's logits and the labels of rows that it was not trained on,
// with the true prior.
#pragma once

#include <filesystem>
#include <vector>

#include "models/pack/weights/trained_model.h"

namespace guardrank::pack {

// One head's rows, those outside its population (NaN) left out.
struct HoldoutHead {
  std::vector<double> logits;            // as the network gives them: before sampling correction
  std::vector<std::uint8_t> labels;      // 0 or 1
  std::vector<std::int32_t> segments;    // of TrainedHead::segments that number, or -1; empty: not told
};

// By head; empty where the file has no rows of it. Without the file all are empty. A head to be
// fitted without rows, or by segment without their numbers, is Status::calibrator; other faults are
// those of safetensors files, Status::tensor_shape for tensors that do not agree, Status::type for a
// label or a segment's number that is none.
std::vector<HoldoutHead> read_holdout(const std::filesystem::path& folder,
                                      const TrainedModel& model);

}  // namespace guardrank::pack
