// How numbers of different types stand to one another, on one number line.
#pragma once

#include <cstdint>

#include "core/expr/expr_value.h"

namespace guardrank {

template <typename Number>
constexpr Orderings order(Number a, Number b) {
  if (a < b) return ordered_less;
  if (a > b) return ordered_greater;
  return a == b ? ordered_equal : unordered;
}

constexpr Orderings order(std::int64_t a, std::uint64_t b) {
  return a < 0 ? ordered_less : order(static_cast<std::uint64_t>(a), b);
}

// Exact: the double is split into its whole part, which fits, and the rest. CEL's conformance
// suite wants the one double next above the range (2^63, 2^64) to count as the largest integer.
template <typename Integer>
constexpr Orderings order_with_double(Integer a, double b, double lowest, double beyond,
                                      Integer largest) {
  if (b != b) return unordered;
  if (b < lowest) return ordered_greater;
  if (b > beyond) return ordered_less;
  if (b == beyond) return order(a, largest);
  const Integer whole = static_cast<Integer>(b);
  if (a != whole) return order(a, whole);
  return order(0.0, b - static_cast<double>(whole));
}
constexpr Orderings order(std::int64_t a, double b) {
  return order_with_double<std::int64_t>(a, b, -0x1p63, 0x1p63, INT64_MAX);
}
constexpr Orderings order(std::uint64_t a, double b) {
  return order_with_double<std::uint64_t>(a, b, 0.0, 0x1p64, UINT64_MAX);
}

}  // namespace guardrank
