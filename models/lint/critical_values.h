// Values of facts at which rules may turn: what a rule compares with, what the catalog holds, the
// policy's defaults, and their neighbours.
#pragma once

#include <string>
#include <vector>

#include "models/lint/compiled_policy.h"

namespace guardrank::lint {

// Values of one fact; only the member of its type is filled. Every fact has at least one.
struct CriticalValues {
  std::uint32_t fact = no_fact;
  FactType type = FactType::f64;
  std::vector<double> numbers;                    // f64, i64
  std::vector<std::string> strings;               // string
  std::vector<std::int64_t> times;                // timestamp
  std::vector<std::vector<std::string>> lists;    // string_list

  std::size_t size() const;
};

// For the facts (ordinals) that these expressions read, parameters and time left out. A number
// keeps its own neighbours (one less, one more, halfway to the next), so that an order of several
// facts among themselves is met as well.
std::vector<CriticalValues> critical_values(const CompiledPolicy& policy,
                                            const std::vector<const CompiledExpression*>& read);

}  // namespace guardrank::lint
