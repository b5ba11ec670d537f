// Whether trying values proves something about an expression.
#pragma once

#include <cstdint>
#include <set>
#include <string_view>

#include "core/expr/expression.h"

namespace guardrank::lint {

// What an expression does with its facts. `compares_only`: it is `&&`, `||`, `!` and `?:` over tests
// that critical values meet all outcomes of: comparisons of facts with constants and with each other
// (texts: whether they are equal), `in`, has(). Arithmetic, functions and macros are none.
struct Exactness {
  bool compares_only = false;
  bool has_arithmetic = false;
  std::uint32_t n_list_tests = 0;          // `in` a list that is a fact
  std::set<std::uint32_t> may_lack;        // facts under has()
};

// Critical values meet so many facts between two constants, and so many tests of one list.
inline constexpr std::size_t most_ordered_facts = 3;
inline constexpr std::uint32_t most_list_tests = 2;

// `source` is one that compiles.
Exactness exactness_of(std::string_view source, const FactTable& facts, NamespaceSet allowed,
                       Arena* arena);

}  // namespace guardrank::lint
