// Values and types of the case files as those of the language.
#pragma once

#include <cstdlib>
#include <deque>
#include <string>
#include <vector>

#include "core/expr/expression.h"
#include "tests/conformance_cel/text_format.h"

namespace guardrank::testing {

// Keeps what values point at.
class CaseValues {
 public:
  // False for a message, an enum or a type that is none of ours.
  bool read(const Message& message, ExprValue* value) {
    if (const std::string* text = message.scalar("bool_value"))
      return *value = ExprValue::of(*text == "true"), true;
    if (const std::string* text = message.scalar("int64_value"))
      return *value = ExprValue::of(std::int64_t{std::strtoll(text->c_str(), nullptr, 0)}), true;
    if (const std::string* text = message.scalar("uint64_value"))
      return *value = ExprValue::of(std::uint64_t{std::strtoull(text->c_str(), nullptr, 0)}), true;
    if (const std::string* text = message.scalar("double_value"))
      return *value = ExprValue::of(std::strtod(text->c_str(), nullptr)), true;
    if (const std::string* text = message.scalar("string_value"))
      return *value = ExprValue::of(keep(*text)), true;
    if (const std::string* text = message.scalar("bytes_value"))
      return *value = ExprValue::of_bytes(keep(*text)), true;
    if (message.scalar("null_value") != nullptr) return *value = ExprValue{}, true;
    if (const std::string* text = message.scalar("type_value")) return read_type(*text, value);
    if (const Message* list = message.message("list_value")) return read_list(*list, value);
    if (const Message* map = message.message("map_value")) return read_map(*map, value);
    if (const Message* object = message.message("object_value")) return read_time(*object, value);
    return false;
  }

  std::string_view keep(const std::string& text) { return texts_.emplace_back(text); }

 private:
  static bool read_type(const std::string& name, ExprValue* value) {
    for (unsigned i = 0; i < static_cast<unsigned>(ExprType::dyn); ++i) {
      const ExprType type = static_cast<ExprType>(i);
      const std::string_view ours = type == ExprType::timestamp ? "google.protobuf.Timestamp"
                                    : type == ExprType::duration ? "google.protobuf.Duration"
                                                                 : expr_type_name(type);
      if (ours == name) return *value = ExprValue::of_type(type), true;
    }
    return false;
  }

  bool read_list(const Message& list, ExprValue* value) {
    std::vector<ExprValue>& elements = arrays_.emplace_back();
    for (std::size_t i = 0; i < list.messages.size(); ++i) {
      ExprValue element;
      if (list.message_names[i] != "values" || !read(list.messages[i], &element)) return false;
      elements.push_back(element);
    }
    *value = ExprValue::of_list(elements.data(), elements.size());
    return true;
  }

  bool read_map(const Message& map, ExprValue* value) {
    std::vector<ExprValue>& entries = arrays_.emplace_back();
    for (const Message& entry : map.messages) {
      const Message* key = entry.message("key");
      const Message* held = entry.message("value");
      ExprValue first, second;
      if (key == nullptr || held == nullptr || !read(*key, &first) || !read(*held, &second))
        return false;
      entries.push_back(first);
      entries.push_back(second);
    }
    *value = ExprValue::of_list(entries.data(), entries.size() / 2);
    value->kind = ExprType::map;
    return sort_entries(entries.data(), value->size);
  }

  static bool read_time(const Message& object, ExprValue* value) {
    for (std::size_t i = 0; i < object.messages.size(); ++i) {
      const std::string* seconds = object.messages[i].scalar("seconds");
      const std::string* nanos = object.messages[i].scalar("nanos");
      const std::int64_t whole = seconds == nullptr ? 0 : std::atoll(seconds->c_str());
      const std::int64_t rest = nanos == nullptr ? 0 : std::atoll(nanos->c_str());
      const std::string& name = object.message_names[i];
      if (name == "[type.googleapis.com/google.protobuf.Duration]")
        return *value = ExprValue::of_duration(whole * 1'000'000'000 + rest), true;
      if (name == "[type.googleapis.com/google.protobuf.Timestamp]")
        return *value = ExprValue::of_timestamp(whole, static_cast<std::uint32_t>(rest)), true;
    }
    return false;
  }

  std::deque<std::string> texts_;
  std::deque<std::vector<ExprValue>> arrays_;
};

// The declared type of a name.
inline ExprType case_type(const Message& type) {
  if (const std::string* primitive = type.scalar("primitive")) {
    const std::pair<std::string_view, ExprType> names[] = {
        {"BOOL", ExprType::boolean}, {"INT64", ExprType::integer},
        {"UINT64", ExprType::unsigned_integer}, {"DOUBLE", ExprType::number},
        {"STRING", ExprType::string}, {"BYTES", ExprType::bytes}};
    for (const auto& [name, ours] : names)
      if (name == *primitive) return ours;
  }
  if (type.scalar("null") != nullptr) return ExprType::null;
  if (type.message("list_type") != nullptr) return ExprType::list;
  if (type.message("map_type") != nullptr) return ExprType::map;
  const std::string* message = type.scalar("message_type");
  if (message != nullptr && *message == "google.protobuf.Duration") return ExprType::duration;
  if (message != nullptr && *message == "google.protobuf.Timestamp") return ExprType::timestamp;
  return ExprType::dyn;
}

}  // namespace guardrank::testing
