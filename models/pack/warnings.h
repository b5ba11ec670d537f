// What packs, and may not do what its author thinks: lines of the report's "warnings".
#pragma once

#include <string>
#include <vector>

#include "core/artifact/policy.h"
#include "models/pack/weights/holdout.h"

namespace guardrank::pack {

// Calibrators fitted here that say nothing, or that hold a limit of the fit, and heads whose order is
// worse than chance on the holdout. `holdout` by head.
std::vector<std::string> calibrator_warnings(const TrainedModel& model, const std::vector<HoldoutHead>& holdout);

// Facts with a default that the model reads: serving puts the default where training had nothing.
std::vector<std::string> default_warnings(const TrainedModel& model, const Policy& policy);

}  // namespace guardrank::pack
