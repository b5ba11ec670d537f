// What a number, a count or a length of an artifact may be: the rows that the tables of members
// refer to. The limits are those of core/base/limits.h.
#pragma once

#include <cstdint>
#include <limits>

#include "core/base/hash.h"
#include "core/base/limits.h"
#include "core/base/status.h"

namespace guardrank {

// `below` and `above` are what a value outside gives. What is not finite gives Status::not_finite,
// or `below` where that says more than Status::verify. Small, as there are many.
struct Bounds {
  // The least value, or one of these.
  static constexpr std::int8_t symmetric = -1;    // as far below 0 as `maximum` is above
  static constexpr std::int8_t above_zero = -2;

  double maximum = 0;
  std::uint16_t below = 0, above = 0;             // Status
  std::int8_t minimum = 0;

  constexpr bool holds(double value) const {
    if (minimum == symmetric && value < 0) value = -value;
    const bool is_enough = minimum < 0 ? value > 0 || minimum == symmetric : value >= minimum;
    return is_enough && value <= maximum;
  }
  constexpr bool operator==(const Bounds&) const = default;
};

namespace bounds {

inline constexpr double most = std::numeric_limits<double>::max();

constexpr Bounds make(std::int8_t minimum, double maximum, Status below, Status above) {
  return {maximum, static_cast<std::uint16_t>(below), static_cast<std::uint16_t>(above), minimum};
}
constexpr Bounds at_most(double maximum) { return make(0, maximum, Status::verify, Status::limit); }
constexpr Bounds some(double maximum, Status none) {
  return make(1, maximum, none, Status::limit);
}
constexpr Bounds within(std::int8_t minimum, double maximum, Status status = Status::verify) {
  return make(minimum, maximum, status, status);
}
constexpr Bounds finite_or(Status status) { return within(Bounds::symmetric, most, status); }
constexpr Bounds positive_or(Status status) { return within(Bounds::above_zero, most, status); }

// Numbers
inline constexpr Bounds finite = finite_or(Status::verify);
inline constexpr Bounds positive = positive_or(Status::verify);
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
    within(0, 1e12), within(Bounds::above_zero, 1e12), within(0, 2), within(0, 4), within(0, 6),
    within(0, 10), within(0, 16), within(0, 127), within(8, 8, Status::version),
    at_most(Sha256Digest{}.size()),
    within(Bounds::symmetric, 1 << 30, Status::limit),
    within(1, limits::golden_rows, Status::limit),
    within(Bounds::above_zero, 1, Status::sampling), positive_or(Status::sampling),
    finite_or(Status::calibrator), positive_or(Status::calibrator),
    within(0, most, Status::calibrator),
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
    some(limits::routes, Status::verify), at_most(3 * limits::routes), within(0, 3),
     some(limits::expression_bytes, Status::verify),
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
