// What packing did to a model, as JSON: how far int8 is from float, how well heads are calibrated.
#pragma once

#include <string>
#include <vector>

#include "models/pack/artifact/writers.h"
#include "models/pack/float_reference/float_reference.h"
#include "models/pack/rows/calibration_rows.h"
#include "models/pack/weights/holdout.h"

namespace guardrank::pack {

// Distance of int8 logits from float ones, over calibration rows.
struct LogitError {
  double worst = 0, mean = 0;            // over all rows
  double worst_within_6 = 0;             // where the float logit is within 6 of 0
  std::size_t n_rows = 0, n_within_6 = 0;
};

std::vector<LogitError> measure_logit_errors(const FloatReference& reference, const Model& model,
                                             const CalibrationRows& rows, const Progress& progress);

struct ReportParts {
  const TrainedModel& trained;
  const Model& model;                    // with its calibrators fitted
  const CalibrationRows& rows;
  const std::vector<LogitError>& errors; // by head
  const std::vector<HoldoutHead>& holdout;
};

// The report that goes into the artifact: an object without the figures of the artifact itself.
std::string model_report(const ReportParts& parts);

struct PackedSizes {
  Bytes bundle, model, policy, catalog, release;
};
// The caller's report: the artifact's, with "artifacts" (ids), "bytes" and, where there are some,
// "warnings" put before its end.
std::string whole_report(const std::string& model_report, const PackedSizes& sizes,
                         const std::vector<std::string>& warnings);

}  // namespace guardrank::pack
