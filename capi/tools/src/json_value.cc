#include "capi/tools/src/json_value.h"

#include <charconv>
#include <cmath>
#include <limits>

#include "capi/tools/src/expression_text.h"
#include "core/base/number_text.h"
#include "core/expr/values.h"
#include "models/pack/pack_error.h"

namespace guardrank::tools {
namespace {

// The names of contracts.md: CEL's, but "null".
std::string_view contract_name(ExprType type) {
  return type == ExprType::null ? "null" : expr_type_name(type);
}

bool find_type(std::string_view name, ExprType* type) {
  for (unsigned i = 0; i < static_cast<unsigned>(ExprType::dyn); ++i) {
    *type = static_cast<ExprType>(i);
    if (name == contract_name(*type) || name == expr_type_name(*type)) return true;
  }
  return false;
}

[[noreturn]] void refuse(const std::string& path, const std::string& wanted) {
  throw pack::PackError(Status::type, path, "wanted " + wanted);
}

// A text where JSON has one; else what is wanted is missing.
std::string_view text_of(const JsonValue& json, const std::string& path, const char* wanted) {
  if (json.type != JsonType::string) {
    refuse(path, std::string(wanted) + ", found " + std::string(json_type_name(json.type)));
  }
  return json.text;
}

// A JSON number without fraction or a decimal string, for JSON readers lose digits beyond 2^53.
template <typename Integer>
Integer read_integer(const JsonValue& json, const std::string& path) {
  const bool is_signed = std::numeric_limits<Integer>::is_signed;
  Integer value{};
  const char* end = json.text.data() + json.text.size();
  const bool is_text = json.type == JsonType::number || json.type == JsonType::string;
  const auto [stopped, problem] =
      is_text ? std::from_chars(json.text.data(), end, value)
              : std::from_chars_result{nullptr, std::errc::invalid_argument};
  if (problem != std::errc{} || stopped != end)
    refuse(path, is_signed ? "an int: a whole number or its digits as a string"
                           : "a uint: a whole number from 0 or its digits as a string");
  return value;
}

double read_double(const JsonValue& json, const std::string& path) {
  if (json.type == JsonType::number) return json.number;
  if (json.type == JsonType::string) {
    if (json.text == "NaN") return std::numeric_limits<double>::quiet_NaN();
    if (json.text == "Infinity") return std::numeric_limits<double>::infinity();
    if (json.text == "-Infinity") return -std::numeric_limits<double>::infinity();
  }
  refuse(path, "a double: a number, \"NaN\", \"Infinity\" or \"-Infinity\"");
}

ExprValue read_time_of(ExprType type, const JsonValue& json, const std::string& path) {
  const bool is_time = type == ExprType::timestamp;
  const char* wanted = is_time ? "a time such as \"2026-11-21T10:00:00Z\""
                               : "a duration such as \"3.5s\"";
  const std::string_view text = text_of(json, path, wanted);
  ExprValue value;
  if (is_time ? read_time(text, &value) : read_duration(text, &value)) return value;
  refuse(path, wanted);
}

ExprValue read_type_of(const JsonValue& json, const std::string& path) {
  ExprType type;
  if (find_type(text_of(json, path, "the name of a type"), &type)) return ExprValue::of_type(type);
  refuse(path, "the name of a type such as \"int\"");
}

void write_scalar(const ExprValue& value, JsonWriter* writer) {
  switch (value.kind) {
    case ExprType::boolean: writer->boolean(value.integer != 0); break;
    case ExprType::integer: writer->integer(value.integer); break;
    case ExprType::unsigned_integer: writer->natural(value.natural); break;
    case ExprType::number:
      if (std::isfinite(value.number)) writer->number(value.number);
      else writer->string(number_text(value.number));
      break;
    case ExprType::string: writer->string(value.text()); break;
    case ExprType::bytes:
      writer->base64({reinterpret_cast<const std::uint8_t*>(value.bytes), value.size});
      break;
    case ExprType::timestamp: case ExprType::duration: writer->string(time_text(value)); break;
    case ExprType::type:
      writer->string(expr_type_name(static_cast<ExprType>(value.integer)));
      break;
    default: writer->null(); break;
  }
}

}  // namespace

void write_typed(const ExprValue& value, JsonWriter* writer) {
  writer->begin_object();
  write_members(value, writer);
  writer->end_object();
}

void write_members(const ExprValue& value, JsonWriter* writer) {
  writer->key("type").string(contract_name(value.kind)).key("value");
  if (value.kind != ExprType::list && value.kind != ExprType::map)
    return write_scalar(value, writer);
  const bool is_map = value.kind == ExprType::map;
  writer->begin_array();
  for (std::uint32_t i = 0; i < value.size; ++i) {
    if (is_map) writer->begin_array();
    write_typed(element_of(value, i), writer);
    if (is_map) write_typed(value.elements[2 * i + 1], writer);
    if (is_map) writer->end_array();
  }
  writer->end_array();
}

bool is_typed(const JsonValue& value) {
  return value.type == JsonType::object && value.member("$type") != nullptr;
}

ExprValue JsonValues::read(const JsonValue& json, const std::string& path) {
  if (!is_typed(json)) return read_plain(json, path);
  const std::string_view name = text_of(*json.member("$type"), path + ".$type", "a string");
  return read_typed(json, name, path);
}

// As `{"type", "value"}` within a typed list or map stands for what the command prints.
ExprValue JsonValues::read_within(const JsonValue& json, const std::string& path) {
  const JsonValue* type = json.type == JsonType::object ? json.member("type") : nullptr;
  const bool is_printed = type != nullptr && type->type == JsonType::string &&
                          json.n_children == 2 && json.member("value") != nullptr;
  return is_printed ? read_typed(json, type->text, path) : read(json, path);
}

ExprValue JsonValues::read_typed(const JsonValue& json, std::string_view type_name,
                                 const std::string& path) {
  ExprType type;
  if (!find_type(type_name, &type)) {
    refuse(path + ".$type", "null, bool, int, uint, double, string, bytes, list, map, timestamp, "
                            "duration or type, found '" + std::string(type_name) + "'");
  }
  const JsonValue* value = json.member("value");
  if (value == nullptr || json.n_children != 2) refuse(path, "\"$type\" and \"value\" alone");
  const std::string place = path + ".value";
  switch (type) {
    case ExprType::null:
      if (value->type != JsonType::null) refuse(place, "null");
      return {};
    case ExprType::boolean:
      if (value->type != JsonType::boolean) refuse(place, "true or false");
      return ExprValue::of(value->boolean);
    case ExprType::integer: return ExprValue::of(read_integer<std::int64_t>(*value, place));
    case ExprType::unsigned_integer:
      return ExprValue::of(read_integer<std::uint64_t>(*value, place));
    case ExprType::number: return ExprValue::of(read_double(*value, place));
    case ExprType::string: return ExprValue::of(text_of(*value, place, "a string"));
    case ExprType::bytes: return read_bytes(*value, place);
    case ExprType::type: return read_type_of(*value, place);
    case ExprType::list: case ExprType::map: return read_collection(type, *value, place);
    default: return read_time_of(type, *value, place);
  }
}

ExprValue JsonValues::read_bytes(const JsonValue& json, const std::string& path) {
  std::span<const std::uint8_t> bytes;
  const Status status = parse_base64(text_of(json, path, "base64"), arena_, &bytes);
  if (status == Status::memory) throw std::bad_alloc();
  if (status != Status::ok) refuse(path, "base64");
  return ExprValue::of_bytes({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

// A list's elements; a map's [key, value] pairs.
ExprValue JsonValues::read_collection(ExprType type, const JsonValue& json,
                                      const std::string& path) {
  const bool is_map = type == ExprType::map;
  if (json.type != JsonType::array)
    refuse(path, is_map ? "an array of [key, value] pairs" : "an array");
  std::vector<ExprValue> elements;
  std::size_t i = 0;
  for (const JsonValue* at = json.first; at != nullptr; at = at->next, ++i) {
    const std::string place = path + "[" + std::to_string(i) + "]";
    if (!is_map) {
      elements.push_back(read_within(*at, place));
      continue;
    }
    if (at->type != JsonType::array || at->n_children != 2) refuse(place, "a [key, value] pair");
    elements.push_back(read_within(*at->first, place + "[0]"));
    if (!is_key(elements.back())) refuse(place + "[0]", "a bool, int, uint or string as a key");
    elements.push_back(read_within(*at->first->next, place + "[1]"));
  }
  return keep(type, std::move(elements), path);
}

ExprValue JsonValues::read_plain(const JsonValue& json, const std::string& path) {
  switch (json.type) {
    case JsonType::null: return {};
    case JsonType::boolean: return ExprValue::of(json.boolean);
    case JsonType::number:
      return json.is_integer ? ExprValue::of(json.integer) : ExprValue::of(json.number);
    case JsonType::string: return ExprValue::of(json.text);
    default: break;
  }
  const bool is_map = json.type == JsonType::object;
  std::vector<ExprValue> elements;
  std::size_t i = 0;
  for (const JsonValue* at = json.first; at != nullptr; at = at->next, ++i) {
    if (is_map) elements.push_back(ExprValue::of(at->key));
    elements.push_back(read(*at, is_map ? path + "." + std::string(at->key)
                                        : path + "[" + std::to_string(i) + "]"));
  }
  return keep(is_map ? ExprType::map : ExprType::list, std::move(elements), path);
}

ExprValue JsonValues::keep(ExprType type, std::vector<ExprValue> elements,
                           const std::string& path) {
  std::vector<ExprValue>& kept = kept_.emplace_back(std::move(elements));
  const bool is_map = type == ExprType::map;
  ExprValue value = ExprValue::of_list(kept.data(), kept.size() / (is_map ? 2 : 1));
  value.kind = type;
  if (is_map && !sort_entries(kept.data(), value.size)) refuse(path, "each key once");
  return value;
}

}  // namespace guardrank::tools
