// How groups of one attribute fare against a reference: rates, scores, exposure.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "models/audit/population.h"
#include "models/audit/statistics/resampling.h"

namespace guardrank::audit {

inline constexpr double four_fifths = 0.8;
inline constexpr double significance = 0.05;

// One group's selection against the reference's.
enum class Verdict { small, reference, adverse, below, uncertain, clear };
const char* verdict_name(Verdict verdict);

// adverse: the ratio is under 0.8 and the rates differ beyond chance; below: under 0.8, and chance
// could do that; uncertain: at least 0.8, and the interval reaches under it; clear: all above.
Verdict judge(double ratio, double ratio_low, double p_value);

// Selected rows: 1, 0, or 2 where a row has no outcome or score. Empty: nothing selects.
std::vector<std::uint8_t> selected_rows(const Population& population,
                                        const PopulationChoice& choice);

// The attribute's part of the report (models/audit/README.md).
nlohmann::ordered_json audit_attribute(const Population& population, const Attribute& attribute,
                                       std::span<const std::uint8_t> selected,
                                       const Sampling& sampling, const DrawProgress& progress);

}  // namespace guardrank::audit
