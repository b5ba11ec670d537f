// Values of the language that carry their own type: what lists and maps hold, and what rows hold
// where no static type is known.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace guardrank {

// Types of expressions and of values. `dyn`: known only when it runs.
enum class ExprType : std::uint8_t {
  null = 0, boolean = 1, integer = 2, unsigned_integer = 3, number = 4, string = 5, bytes = 6,
  list = 7, map = 8, timestamp = 9, duration = 10, type = 11, dyn = 12,
};
std::string_view expr_type_name(ExprType type);   // CEL's names: "int", "double", "list", "dyn"

// What went wrong in a row.
enum class EvalProblem : std::uint8_t {
  none = 0, overflow = 1, division_by_zero = 2, no_overload = 3, no_such_key = 4, bad_index = 5,
  out_of_range = 6, bad_text = 7, repeated_key = 8, bad_key = 9, unknown_name = 10, limit = 11,
  bad_pattern = 12, time_zone = 13,
};
std::string_view eval_problem_text(EvalProblem problem);   // "division by zero"

// A view: texts and elements live in a constant, a column or the evaluation's heap.
struct ExprValue {
  ExprType kind = ExprType::null;
  bool holds_texts = false;      // a list whose elements are string_views, as columns have them
  std::uint32_t size = 0;        // bytes, elements, entries; of a timestamp: nanos of its second
  union {
    std::int64_t integer = 0;    // int, bool (0 or 1), seconds since 1970, nanos of a duration, type
    std::uint64_t natural;
    double number;
    const char* bytes;
    const ExprValue* elements;   // of a map: key, value, key, value, keys ascending
    const std::string_view* texts;
  };

  std::string_view text() const { return {bytes, size}; }
  std::int64_t micros() const { return integer * 1'000'000 + size / 1000; }   // of a timestamp

  static ExprValue of(bool value);
  static ExprValue of(std::int64_t value);
  static ExprValue of(std::uint64_t value);
  static ExprValue of(double value);
  static ExprValue of(std::string_view value);
  static ExprValue of_bytes(std::string_view value);
  static ExprValue of_list(const ExprValue* elements, std::size_t size);
  static ExprValue of_duration(std::int64_t nanos);
  static ExprValue of_timestamp(std::int64_t seconds, std::uint32_t nanos);
  static ExprValue of_micros(std::int64_t micros);   // a timestamp
  static ExprValue of_type(ExprType type);
};

// A list's element; a map's key.
inline ExprValue element_of(const ExprValue& list, std::uint32_t at) {
  if (list.holds_texts) return ExprValue::of(list.texts[at]);
  return list.kind == ExprType::map ? list.elements[2 * at] : list.elements[at];
}

inline bool is_numeric(ExprType type) {
  return type == ExprType::integer || type == ExprType::unsigned_integer ||
         type == ExprType::number;
}

// How two values stand; a set of them is what a comparison accepts. Next to NaN: unordered.
using Orderings = std::uint8_t;
inline constexpr Orderings ordered_less = 1, ordered_equal = 2, ordered_greater = 4,
                           unordered = 8;
inline constexpr Orderings no_order = 16;   // types that `<` does not compare

// Numbers across their types, one type each otherwise.
Orderings order_values(const ExprValue& a, const ExprValue& b);
// CEL's ==: different types are unequal, lists and maps by content. Each element compared costs one
// of `*steps`; stops (unequal) when there are none left. Lists nest at most as deep as
// limits::expression_depth, for nothing makes deeper ones.
bool equal_values(const ExprValue& a, const ExprValue& b, std::uint64_t* steps);

// Whether a value may be a map's key: int, uint, bool, string.
bool is_key(const ExprValue& value);
// A total order over keys, numbers on one line: bool, then numbers, then strings.
Orderings order_keys(const ExprValue& a, const ExprValue& b);
// The value under a key, or null. A double finds the whole number that it equals.
const ExprValue* find_key(const ExprValue& map, const ExprValue& key);
// Puts entries (key, value, ...) in order. False where two keys are equal.
bool sort_entries(ExprValue* entries, std::uint32_t n_entries);

}  // namespace guardrank
