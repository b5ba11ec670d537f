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

  constexpr bool operator==(const Bounds&) const = default;
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

// Every row that a table refers to: tables hold ordinals. A row that is missing here is an error of
// the compiler's ("not_listed").
inline constexpr Bounds all[] = {
    finite, positive, not_negative, unit, text, document, request, name, optional_name, digest,
    // numbers
    within(0, 1e12), within(above_zero, 1e12), within(0, 2), within(0, 4), within(0, 6),
    within(0, 10), within(0, 16), within(0, 127), within(8, 8, Status::version),
    within(-(1 << 30), 1 << 30, Status::limit), within(1, limits::golden_rows, Status::limit),
    within(above_zero, 1, Status::sampling), within(above_zero, most, Status::sampling),
    within(-most, most, Status::calibrator), within(0, most, Status::calibrator),
    within(above_zero, most, Status::calibrator),
    some(limits::vector_width, Status::dimension), some(limits::embedding_dim, Status::dimension),
    some(limits::embedding_rows, Status::dimension), some(limits::layer_width, Status::dimension),
    some(limits::embedding_rows - 1, Status::verify), some(limits::slots, Status::verify),
    // counts and lengths
    at_most(limits::transforms_per_field), at_most(limits::fields),
    at_most(limits::vocabulary_values), at_most(limits::levels), at_most(limits::heads + 1),
    at_most(limits::experts_per_level), at_most(limits::layer_width),
    at_most(limits::calibrator_knots), at_most(limits::calibrator_segments),
    at_most(limits::golden_requests), at_most(limits::golden_rows * limits::heads),
    at_most(limits::expression_bytes), at_most(limits::guardrails), at_most(limits::offers),
    at_most(limits::candidates), at_most(limits::rules), at_most(limits::parameters),
    at_most(limits::terms), at_most(limits::facts), at_most(limits::slots),
    at_most(limits::mandated_offers), at_most(limits::caps), at_most(limits::diversity_facts),
    some(limits::fields, Status::dimension), some(limits::heads, Status::dimension),
    some(limits::layers, Status::dimension), some(limits::experts_per_level, Status::dimension),
    some(limits::routes, Status::verify), some(limits::expression_bytes, Status::verify),
    some(limits::offer_id_bytes, Status::verify),
};

void not_listed();

constexpr std::uint8_t ordinal(const Bounds* wanted) {
  if (wanted == nullptr) return 0;
  for (std::uint8_t i = 0; i < sizeof all / sizeof all[0]; ++i)
    if (all[i] == *wanted) return static_cast<std::uint8_t>(i + 1);
  not_listed();
  return 0;
}

}  // namespace bounds
}  // namespace guardrank
