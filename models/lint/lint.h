// A policy looked at before it ships.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "models/pack/rows/calibration_rows.h"

namespace guardrank::lint {

struct LintInputs {
  std::filesystem::path policy;                 // YAML or JSON
  std::filesystem::path catalog;                // CSV or JSON; empty: none
  std::filesystem::path model_folder;           // for its fields and heads; empty: none
  std::vector<std::filesystem::path> tests;     // test documents
  std::int64_t now = 0;                         // micros
  pack::Progress progress;
};

// JSON: {"policy", "version", "errors", "warnings", "notes", "tests_passed", "tests_failed",
// "findings": [{"severity", "check", "where", "message"}], "tests": [{"file", "name", "passed",
// "difference"}]}. Mistakes of the policy are findings; PackError is for files that cannot be read
// and documents that are malformed.
std::string lint(const LintInputs& inputs);

}  // namespace guardrank::lint
