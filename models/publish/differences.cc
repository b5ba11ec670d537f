#include "models/publish/differences.h"

#include <set>
#include <string>

namespace guardrank::publish {
namespace {

// An array of objects with names, each of its own, as an object by these; else the value itself.
Json by_name(const Json& value) {
  if (!value.is_array() || value.empty()) return value;
  Json named = Json::object();
  for (const Json& each : value) {
    const bool has_name = each.is_object() && each.contains("name") && each["name"].is_string();
    if (!has_name || named.contains(each["name"].get<std::string>())) return value;
    named[each["name"].get<std::string>()] = each;
  }
  return named;
}

Json names_of(const Json& array) {
  Json names = Json::array();
  for (const Json& each : array) names.push_back(each["name"]);
  return names;
}

void add(const std::string& at, const Json* before, const Json* after, Json* list) {
  if (before != nullptr && after != nullptr) {
    if (*before == *after) return;
    const Json old = by_name(*before), now = by_name(*after);
    if (old.is_object() && now.is_object()) {
      std::set<std::string> names;
      for (const Json* side : {&old, &now})
        for (const auto& member : side->items()) names.insert(member.key());
      for (const std::string& name : names)
        add(at.empty() ? name : at + "/" + name, old.contains(name) ? &old[name] : nullptr,
            now.contains(name) ? &now[name] : nullptr, list);
      // Of delegations the first that matches signs.
      const bool has_order = before->is_array() && after->is_array();
      if (has_order && names_of(*before) != names_of(*after))
        list->push_back({{"at", at + " (order)"}, {"before", names_of(*before)}, {"after", names_of(*after)}});
      return;
    }
  }
  Json one = {{"at", at}};
  if (before != nullptr) one["before"] = *before;
  if (after != nullptr) one["after"] = *after;
  list->push_back(one);
}

}  // namespace

Json differences(const Json& before, const Json& after) {
  Json list = Json::array();
  add("", &before, &after, &list);
  return list;
}

}  // namespace guardrank::publish
