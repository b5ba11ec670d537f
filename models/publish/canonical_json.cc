#include "models/publish/canonical_json.h"

#include <set>
#include <vector>

#include "models/pack/pack_error.h"

namespace guardrank::publish {
namespace {

using pack::PackError;

void append_text(const std::string& text, std::string* out) {
  *out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') *out += '\\';
    *out += c;
  }
  *out += '"';
}

void append(const Json& value, std::string* out) {
  const char* separator = "";
  if (value.is_object()) {
    *out += '{';
    for (const auto& [name, member] : value.items()) {
      *out += separator;
      append_text(name, out);
      *out += ':';
      append(member, out);
      separator = ",";
    }
    *out += '}';
  } else if (value.is_array()) {
    *out += '[';
    for (const Json& element : value) {
      *out += separator;
      append(element, out);
      separator = ",";
    }
    *out += ']';
  } else if (value.is_string()) {
    append_text(value.get_ref<const std::string&>(), out);
  } else if (value.is_number_float()) {
    throw PackError(Status::json, "metadata", "numbers that are signed are whole");
  } else {
    *out += value.dump();
  }
}

}  // namespace

std::string canonical_json(const Json& value) {
  std::string out;
  append(value, &out);
  return out;
}

Json parse_json(std::string_view text, const std::string& name) {
  std::vector<std::set<std::string>> names;
  const auto refuse_duplicates = [&](int, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::object_start) names.emplace_back();
    if (event == Json::parse_event_t::object_end) names.pop_back();
    if (event == Json::parse_event_t::key &&
        !names.back().insert(parsed.get<std::string>()).second)
      throw PackError(Status::json, name, "member '" + parsed.get<std::string>() + "' stands twice");
    return true;
  };
  try {
    return Json::parse(text, refuse_duplicates);
  } catch (const Json::exception& problem) {
    throw PackError(Status::json, name, problem.what());
  }
}

}  // namespace guardrank::publish
