// Rows of calibration.jsonl, encoded by the engine's own transforms.
#pragma once

#include <filesystem>
#include <functional>

#include "models/pack/quantise/ranges.h"
#include "models/pack/rows/calibration_line.h"
#include "models/pack/rows/encoded_rows.h"
#include "models/pack/weights/trained_model.h"

namespace guardrank::pack {

// How many rows are kept for ranges: enough, as tried (scoring.md); a row beyond them is kept only
// if it widens a dense field's range.
inline constexpr std::size_t max_calibration_rows = 20'000;
inline constexpr std::size_t max_calibration_line_bytes = 16u << 20;

// `step` is a few words; `total` 0: unknown.
using Progress = std::function<void(const char* step, std::uint64_t done, std::uint64_t total)>;

struct CalibrationRows {
  explicit CalibrationRows(const TrainedModel& model) : encoded(model.fields) {}

  bool exists = false;
  std::size_t n_lines = 0;
  std::int64_t now = 0;                  // for rows without a time
  bool can_assume_time = false;          // `now` is the latest time found in the rows
  bool has_assumed_time = false;         // and a row had none of its own
  EncodedRows encoded;
  std::vector<Range> missing;            // by field, what a dense one is without its fact; empty: no rows
  std::vector<CalibrationLine> samples;  // evenly drawn, for golden vectors
  std::vector<std::string> absent;       // facts that no row gave
};

// Without the file: no rows. Throws PackError that names the line.
CalibrationRows read_calibration_rows(const std::filesystem::path& folder,
                                      const TrainedModel& model, std::size_t n_samples,
                                      const Progress& progress);

}  // namespace guardrank::pack
