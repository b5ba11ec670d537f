// guardrank audit: what decisions do to groups, and what payouts do to a ranking.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "core/decision/pipeline.h"

namespace guardrank::audit {

using Progress =
    std::function<void(const char* step, std::uint64_t done, std::uint64_t total)>;

// `report` is JSON, `page` one self-contained HTML file; both follow from the inputs alone, byte
// for byte. Their forms: models/audit/README.md.
struct Audit {
  std::string report, page;
};

// Decisions that were made: one row each.
struct PopulationInput {
  std::string_view specification;    // JSON
  std::string_view population;       // CSV
  std::string_view groups;           // CSV; empty: the groups are columns of the population
};
// Throws PackError.
Audit audit_population(const PopulationInput& input, const Progress& progress);

// Decisions that a pipeline makes now.
struct RankingInput {
  std::string_view specification;    // JSON
  std::string_view requests;         // JSON lines
  std::string_view groups;           // CSV; may be empty
  const Pipeline* pipeline = nullptr;
  Session* session = nullptr;
  Allocator allocator;
};
// Throws PackError.
Audit audit_ranking(const RankingInput& input, const Progress& progress);

}  // namespace guardrank::audit
