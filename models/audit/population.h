// The rows that a population audit measures.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "models/audit/specification.h"
#include "models/audit/table.h"

namespace guardrank::audit {

inline constexpr std::uint32_t no_group = UINT32_MAX;

// One protected attribute over the rows.
struct Attribute {
  std::string name;
  std::vector<std::string> groups;       // in byte order
  std::vector<std::uint32_t> codes;      // by row; no_group: not reported
  std::uint32_t reference = no_group;    // as named; no_group: the highest rate decides
};

enum class Outcome : std::uint8_t { unfavorable = 0, favorable = 1, missing = 2 };

struct Population {
  Table table;
  std::size_t n_rows = 0;
  std::uint64_t n_unmatched = 0;         // rows without a line in the groups file
  std::vector<Attribute> attributes;
  std::vector<double> weights;           // empty: every row counts once
  std::vector<Outcome> outcomes;         // empty: none named
  std::vector<double> scores;            // NaN missing; or empty
  std::vector<double> exposures;         // 1 / log2(1 + position); NaN missing; or empty
  std::vector<std::uint32_t> lists;      // by row, which list it stands in; or empty

  double weight(std::size_t row) const { return weights.empty() ? 1 : weights[row]; }
};

// `groups` empty: the group columns are the population's own.
Population read_population(std::string_view population, std::string_view groups,
                           const PopulationChoice& choice);

// An attribute from one text per row, blank where not reported. Throws PackError where no row
// reports it, where fewer than two groups are there, or without the reference named.
Attribute make_attribute(const GroupChoice& choice, const std::vector<std::string>& cells);

// The code of a group that the attribute has.
std::uint32_t code_of(const Attribute& attribute, const std::string& group);

// For every key the row of `table` that has it; SIZE_MAX: none. Throws PackError for a key that
// stands twice in `table`, and where no key is found at all.
std::vector<std::size_t> join(const std::vector<std::string>& keys, const Table& table,
                              const std::string& column);

}  // namespace guardrank::audit
