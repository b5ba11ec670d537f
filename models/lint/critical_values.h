// Values of facts at which rules may turn: what a rule compares with, what the catalog holds, the
// policy's defaults, and their neighbours; for what is more than a comparison, texts, lists, times and
// numbers made of those.
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
  bool may_lack = false;                          // tried without a value as well: the last one

  std::size_t size() const { return n_values() + (may_lack ? 1 : 0); }
  std::size_t n_values() const;
};

// What a model says: p and reach from 0 to 1, value from 0.
bool is_outcome(Namespace space);

struct ValuesToTry {
  std::vector<CriticalValues> facts;
  // Whether the expressions do with all combinations what they do with any values at all.
  bool is_exhaustive = false;
};

// For the facts (ordinals) that these expressions read, `now` and outcomes among them and parameters
// left out: reach is tried apart from p, which is more than there is. A
// number keeps its own neighbours (beside it, and between it and the next), so that an order of
// several facts among themselves is met as well. `now`: micros, where times begin.
// Where the expressions do more than compare, `wide` adds what is made of the constants, and more
// beside them; many facts together do better without.
enum class Breadth { narrow, wide };
ValuesToTry critical_values(const CompiledPolicy& policy,
                            const std::vector<const CompiledExpression*>& read, std::int64_t now,
                            Breadth breadth = Breadth::wide);

}  // namespace guardrank::lint
