// What a policy's test expects, held against what came of it.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "models/pack/documents/document_node.h"

namespace guardrank::lint {

// What became of the candidate that a test is about.
struct Outcome {
  bool is_eligible = true, is_kept = true;
  std::vector<std::string> reasons;   // codes, or ids where there is none
  std::vector<std::string> missing;   // "ctx.age"
  std::vector<std::pair<std::string, std::int64_t>> terms;
  std::int64_t score = 0;
  std::size_t position = 0;           // among those ranked, from 1; 0: not ranked
};

// What differs, member by member; empty where all is as expected. Throws PackError for a malformed
// document, or one that expects nothing.
std::string differences(const pack::DocumentNode& expect, const Outcome& outcome);

}  // namespace guardrank::lint
