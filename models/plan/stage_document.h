// `two_stage` in a policy's document, as people wrote it: read before it is whole, and written back
// with nothing else of the document changed.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/artifact/policy.h"

namespace guardrank::plan {

// What a person states; the rest is measured.
struct StatedStages {
  std::optional<double> budget_us, min_value_recall;
};
StatedStages read_stated_stages(std::string_view document);

// The document with these figures, and what they were measured of ("sha256:.."). YAML keeps its comments
// and order: the block of `two_stage` (or the end of the document) takes one line. JSON is written
// again, members in their order.
std::string write_stages(std::string_view document, const TwoStage& figures,
                         std::string_view measured_of);

}  // namespace guardrank::plan
