// "calibrator" of a head or a segment. What is wrong with one has Status::calibrator.
#pragma once

#include <optional>

#include "models/pack/weights/json_node.h"
#include "models/pack/weights/trained_model.h"

namespace guardrank::pack {

enum class CalibratorPlace { head, segment };

struct StatedCalibrator {
  Calibrator calibrator;
  std::optional<CalibratorKind> fit;   // {"kind": "fit"}: what to fit from the holdout
};

StatedCalibrator read_calibrator(const JsonNode& node, Memory* memory, CalibratorPlace place);

// "platt", ...
std::string_view calibrator_name(CalibratorKind kind);

}  // namespace guardrank::pack
