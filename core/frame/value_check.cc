#include "core/frame/value_check.h"

#include "core/base/limits.h"
#include "core/base/math.h"
#include "core/base/utf8.h"
#include "core/frame/fact_path.h"

namespace guardrank {

namespace {

// Where a value stands; the text is made only to complain.
struct Place {
  const Fact& fact;
  std::uint32_t row;
  Error* error;

  Status wanted(Status code, std::initializer_list<TextPiece> expected,
                std::initializer_list<TextPiece> found) const {
    return error->wanted(code, fact_path(fact, row).view(), expected, found);
  }
  Status over_limit(std::uint64_t most, const char* unit, std::uint64_t found) const {
    return error->over_limit(fact_path(fact, row).view(), most, unit, found);
  }
};

Status check_finite(double value, const Place& place) {
  // A message spells NaN and the infinities out.
  if (is_finite(value)) return Status::ok;
  return place.wanted(Status::not_finite, {"a finite number"}, {value});
}

Status check_text(std::string_view text, const Place& place) {
  if (text.size() > limits::string_bytes) {
    return place.over_limit(limits::string_bytes, " bytes (limits::string_bytes)", text.size());
  }
  if (is_valid_utf8(text)) return Status::ok;
  return place.wanted(Status::utf8, {"UTF-8"}, {"invalid bytes"});
}

Status check_list(std::span<const std::string_view> list, const Place& place) {
  if (list.size() > limits::list_elements) {
    return place.over_limit(limits::list_elements, " elements (limits::list_elements)", list.size());
  }
  for (const std::string_view text : list) GUARDRANK_TRY(check_text(text, place));
  return Status::ok;
}

Status check_vector(std::span<const float> floats, std::uint32_t width, const Place& place) {
  if (floats.size() != width) {
    return place.wanted(Status::type, {width, " numbers"}, {floats.size()});
  }
  for (const float value : floats) GUARDRANK_TRY(check_finite(static_cast<double>(value), place));
  return Status::ok;
}

// A number for an i64 fact: whole and within 2^53, where every whole number is its own double.
Status to_whole(double number, const Place& place, std::int64_t* whole) {
  constexpr double largest_exact = 0x1p53;
  GUARDRANK_TRY(check_finite(number, place));
  const bool is_in_range = number >= -largest_exact && number <= largest_exact;
  if (!is_in_range) return place.wanted(Status::type, {"a whole number from -2^53 to 2^53"}, {number});
  if (static_cast<double>(static_cast<std::int64_t>(number)) != number) {
    return place.wanted(Status::type, {wanted_name(FactType::i64)}, {number});
  }
  *whole = static_cast<std::int64_t>(number);
  return Status::ok;
}

}  // namespace

std::string_view wanted_name(FactType type) {
  switch (type) {
    case FactType::f64: return "a number";
    case FactType::i64: return "a whole number";
    case FactType::boolean: return "a boolean";
    case FactType::string: return "a string";
    case FactType::timestamp: return "a time";
    case FactType::string_list: return "a list of strings";
    case FactType::f32_vector: return "a list of numbers";
  }
  return "nothing";
}

Status check_value(const Fact& fact, std::uint32_t row, const Value& value, Value* stored,
                   Error* error) {
  const Place place{fact, row, error};
  *stored = value;
  stored->type = fact.type;
  if (value.is_missing) return Status::ok;
  if (fact.type == FactType::f64 && value.type == FactType::i64) {
    stored->number = static_cast<double>(value.integer);
    return Status::ok;
  }
  if (fact.type == FactType::i64 && value.type == FactType::f64) {
    return to_whole(value.number, place, &stored->integer);
  }
  if (fact.type != value.type) {
    return place.wanted(Status::type, {wanted_name(fact.type)}, {wanted_name(value.type)});
  }
  switch (fact.type) {
    case FactType::f64: return check_finite(value.number, place);
    case FactType::string: return check_text(value.string, place);
    case FactType::string_list: return check_list(value.strings, place);
    case FactType::f32_vector: return check_vector(value.floats, fact.width, place);
    case FactType::i64:
    case FactType::timestamp:
    case FactType::boolean: break;
  }
  return Status::ok;
}

}  // namespace guardrank
