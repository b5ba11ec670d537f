#include "core/frame/json_value.h"

#include "core/base/number_text.h"
#include "core/frame/fact_path.h"
#include "core/frame/value_check.h"

namespace guardrank {

namespace {

// RFC 3339, or what `write_request_json` has for times that RFC 3339 cannot say.
bool parse_time(std::string_view text, std::int64_t* micros) {
  if (parse_timestamp(text, micros)) return true;
  std::int64_t whole;
  char written[max_number_text_bytes];
  std::int64_t again;
  if (!parse_integer(text, &whole)) return false;
  const std::string_view nearest(written, write_timestamp(whole, written));
  if (!parse_timestamp(nearest, &again) || again == whole) return false;
  *micros = whole;
  return true;
}

Status wrong_fact(const Fact& fact, std::uint32_t row, JsonType found, Error* error) {
  return wrong_type(fact_path(fact, row).view(), wanted_name(fact.type), found, error);
}

Status no_memory(const Fact& fact, std::uint32_t row, Error* error) {
  return error->no_memory(fact_path(fact, row).view());
}

Status wrong_element(const Fact& fact, std::uint32_t row, std::size_t index,
                     std::string_view wanted, JsonType found, Error* error) {
  const FactPath path{fact_path(fact, row).view(), "[", index, "]"};
  return wrong_type(path.view(), wanted, found, error);
}

Status json_list(const Fact& fact, std::uint32_t row, const JsonValue& json, Arena* arena,
                 Value* value, Error* error) {
  std::span<std::string_view> elements;
  if (arena->make(json.n_children, &elements) != Status::ok) return no_memory(fact, row, error);
  std::size_t n = 0;
  for (const JsonValue* element = json.first; element != nullptr; element = element->next) {
    if (element->type != JsonType::string) {
      return wrong_element(fact, row, n, "a string", element->type, error);
    }
    elements[n++] = element->text;
  }
  value->strings = elements;
  return Status::ok;
}

// Beyond float's range a number is infinite, which no setter takes.
float to_float(double number) {
  constexpr double largest = 0x1.fffffep127;
  if (number > largest) return __builtin_huge_valf();
  if (number < -largest) return -__builtin_huge_valf();
  return static_cast<float>(number);
}

Status json_vector(const Fact& fact, std::uint32_t row, const JsonValue& json, Arena* arena,
                   Value* value, Error* error) {
  std::span<float> floats;
  if (arena->make(json.n_children, &floats) != Status::ok) return no_memory(fact, row, error);
  std::size_t n = 0;
  for (const JsonValue* element = json.first; element != nullptr; element = element->next) {
    if (element->type != JsonType::number) {
      return wrong_element(fact, row, n, "a number", element->type, error);
    }
    floats[n++] = to_float(element->number);
  }
  value->floats = floats;
  return Status::ok;
}

// Whole numbers beyond 2^53 come as decimal strings; as numbers they are taken if they fit int64.
bool json_whole(const JsonValue& json, Value* value) {
  std::int64_t whole = json.integer;
  const bool is_text = json.type == JsonType::string && parse_integer(json.text, &whole);
  if (json.type != JsonType::number && !is_text) return false;
  *value = is_text || json.is_integer ? Value::of(whole) : Value::of(json.number);
  return true;
}

// A string that holds a whole number, be it too large.
bool is_digits(const JsonValue& json) {
  if (json.type != JsonType::string) return false;
  const std::size_t sign = json.text.starts_with('-') ? 1 : 0;
  return json.text.size() > sign &&
         json.text.find_first_not_of("0123456789", sign) == std::string_view::npos;
}

// The JSON type that a fact's values come as.
JsonType json_type_of(FactType type) {
  switch (type) {
    case FactType::f64:
    case FactType::i64: return JsonType::number;
    case FactType::boolean: return JsonType::boolean;
    case FactType::string:
    case FactType::timestamp: return JsonType::string;
    case FactType::string_list:
    case FactType::f32_vector: break;
  }
  return JsonType::array;
}

}  // namespace

Status wrong_type(std::string_view where, std::string_view wanted, JsonType found, Error* error) {
  return error->wanted(Status::type, where, {wanted}, {json_type_name(found)});
}

Status json_time(const JsonValue& json, std::string_view where, Value* value, Error* error) {
  constexpr std::string_view wanted = "an RFC 3339 time";
  if (json.type != JsonType::string) return wrong_type(where, wanted, json.type, error);
  std::int64_t micros;
  if (!parse_time(json.text, &micros)) {
    return error->wanted(Status::type, where, {wanted}, {"'", json.text.substr(0, 40), "'"});
  }
  *value = Value::of(micros);
  value->type = FactType::timestamp;
  return Status::ok;
}

Status json_value(const Fact& fact, std::uint32_t row, const JsonValue& json, Arena* arena,
                  Value* value, Error* error) {
  *value = Value();
  if (json.type == JsonType::null) return Status::ok;
  if (fact.type == FactType::i64) {
    if (json_whole(json, value)) return Status::ok;
    if (!is_digits(json)) return wrong_fact(fact, row, json.type, error);
    return error->wanted(Status::type, fact_path(fact, row).view(),
                         {"a whole number from -2^63 to 2^63 - 1"},
                         {"'", json.text.substr(0, 40), "'"});
  }
  if (fact.type == FactType::timestamp) {
    return json_time(json, fact_path(fact, row).view(), value, error);
  }
  if (json.type != json_type_of(fact.type)) return wrong_fact(fact, row, json.type, error);
  value->type = fact.type;
  value->is_missing = false;
  value->number = json.number;
  value->boolean = json.boolean;
  value->string = json.text;
  if (fact.type == FactType::string_list) return json_list(fact, row, json, arena, value, error);
  if (fact.type == FactType::f32_vector) return json_vector(fact, row, json, arena, value, error);
  return Status::ok;
}

}  // namespace guardrank
