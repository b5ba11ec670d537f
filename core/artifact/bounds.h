// What a number, a count or a length of an artifact may be: the rows that the tables of members
// refer to. The limits are those of core/base/limits.h.
#pragma once

#include <limits>

#include "core/base/hash.h"
#include "core/base/limits.h"
#include "core/base/status.h"

namespace guardrank {

// `below` and `above` are what a value outside gives. What is not finite gives Status::not_finite,
// or `below` where that says more than Status::verify.
struct Bounds {
  double minimum = 0, maximum = 0;
  Status below = Status::verify, above = Status::limit;
};

namespace bounds {

inline constexpr double most = std::numeric_limits<double>::max();
inline constexpr double above_zero = std::numeric_limits<double>::denorm_min();

constexpr Bounds at_most(double maximum) { return {0, maximum, Status::verify, Status::limit}; }
constexpr Bounds some(double maximum, Status none) { return {1, maximum, none, Status::limit}; }
constexpr Bounds within(double minimum, double maximum, Status status = Status::verify) {
  return {minimum, maximum, status, status};
}

// Numbers
inline constexpr Bounds finite = within(-most, most);
inline constexpr Bounds positive = within(above_zero, most);
inline constexpr Bounds not_negative = within(0, most);
inline constexpr Bounds unit = within(0, 1);

// Texts, in bytes
inline constexpr Bounds text = at_most(limits::string_bytes);
inline constexpr Bounds document = at_most(limits::request_json_bytes);
inline constexpr Bounds request = some(limits::request_json_bytes, Status::verify);
inline constexpr Bounds name = some(limits::name_bytes, Status::verify);
inline constexpr Bounds optional_name = at_most(limits::name_bytes);
inline constexpr Bounds digest = within(Sha256Digest{}.size(), Sha256Digest{}.size());

}  // namespace bounds
}  // namespace guardrank
