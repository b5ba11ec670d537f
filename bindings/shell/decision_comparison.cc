#include "bindings/shell/decision_comparison.h"

#include <set>

#include "bindings/shell/library.h"

namespace guardrank::shell {
namespace {

using Json = nlohmann::ordered_json;
constexpr std::string_view record_member = "record";

// Follows the members of the objects that are open; the first name that stands twice in one.
struct MemberNames {
  std::vector<std::set<std::string>> open;
  std::string twice;
  bool is_twice = false;

  void see(Json::parse_event_t event, const Json& value) {
    if (event == Json::parse_event_t::object_start) open.emplace_back();
    if (event == Json::parse_event_t::object_end) open.pop_back();
    if (event != Json::parse_event_t::key || is_twice) return;
    is_twice = !open.back().insert(value.get<std::string>()).second;
    if (is_twice) twice = value.get<std::string>();
  }
};

std::string shown(const Json& value) {
  constexpr std::size_t most = 80;
  if (value.is_object()) return "an object";
  if (value.is_array()) return std::to_string(value.size()) + " elements";
  // Escaped, so that a cut leaves whole characters.
  const std::string text = value.dump(-1, ' ', true, Json::error_handler_t::replace);
  return text.size() > most ? text.substr(0, most) + ".." : text;
}

// 1 and 1.0 are the same, as programs that lay JSON out anew write one for the other. Whole numbers by
// their digits: a large one and a negative one may share their bits.
bool is_same_number(const Json& a, const Json& b) {
  if (a.is_number_integer() && b.is_number_integer()) return a.dump() == b.dump();
  return a.get<double>() == b.get<double>();
}

class Comparing {
 public:
  explicit Comparing(bool is_same_engine) : is_same_engine_(is_same_engine) {}

  // The first difference, or an empty text.
  std::string compare(const Json& file, const Json& again, const std::string& path) const {
    if (file.is_object() && again.is_object()) return compare_objects(file, again, path);
    const std::string differ =
        path + ": " + shown(file) + " in the file, " + shown(again) + " computed again";
    if (file.is_array() && again.is_array())
      return file.size() == again.size() ? compare_arrays(file, again, path) : differ;
    const bool are_numbers = file.is_number() && again.is_number();
    return (are_numbers ? is_same_number(file, again) : file == again) ? "" : differ;
  }

 private:
  std::string compare_objects(const Json& file, const Json& again, const std::string& path) const {
    for (const auto& [name, value] : file.items()) {
      const std::string place = path + "." + name;
      if (!again.contains(name)) return place + ": in the file alone";
      if (std::string found = compare(value, again[name], place); !found.empty()) return found;
    }
    for (const auto& [name, value] : again.items())
      if (is_same_engine_ && !file.contains(name)) return path + "." + name + ": left out of the file";
    return {};
  }
  std::string compare_arrays(const Json& file, const Json& again, const std::string& path) const {
    for (std::size_t i = 0; i < file.size(); ++i) {
      std::string found = compare(file[i], again[i], path + "[" + std::to_string(i) + "]");
      if (!found.empty()) return found;
    }
    return {};
  }

  bool is_same_engine_;
};

}  // namespace

Json read_decision(std::string_view text, const std::string& place) {
  MemberNames names;
  const auto see = [&](int, Json::parse_event_t event, Json& value) {
    names.see(event, value);
    return true;
  };
  Json decision = Json::parse(text, see, false);
  if (decision.is_discarded()) throw Failure(GR_STATUS_JSON, "decision", place + ": it is no JSON");
  if (names.is_twice)
    throw Failure(GR_STATUS_JSON, names.twice,
                  place + ": " + names.twice + ": an object has two members of this name");
  return decision;
}

DecisionComparison compare_decisions(const Json& file, const Json& again, bool is_same_engine) {
  const Comparing comparing(is_same_engine);
  DecisionComparison result;
  for (const auto& [name, value] : file.items()) {
    if (name == record_member) continue;
    if (!again.contains(name)) {
      result.not_compared.push_back(name);
      continue;
    }
    result.is_compared = true;
    if (result.difference.empty())
      result.difference = comparing.compare(value, again[name], "decision." + name);
  }
  if (!result.is_compared) return result;
  for (const auto& [name, value] : again.items())
    if (name != record_member && !file.contains(name)) result.not_compared.push_back(name);
  return result;
}

}  // namespace guardrank::shell
