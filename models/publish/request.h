// Members of the JSON requests.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "models/pack/pack_error.h"
#include "models/publish/canonical_json.h"

namespace guardrank::publish {

// Absent and null are nothing; another type than T throws PackError that names the member.
template <typename T>
std::optional<T> find_member(const Json& request, const char* name) {
  const auto found = request.find(name);
  if (found == request.end() || found->is_null()) return std::nullopt;
  try {
    return found->template get<T>();
  } catch (const Json::exception& problem) {
    throw pack::PackError(Status::type, name, problem.what());
  }
}

template <typename T>
T member_or(const Json& request, const char* name, const T& otherwise) {
  return find_member<T>(request, name).value_or(otherwise);
}

template <typename T>
T wanted_member(const Json& request, const char* name) {
  if (auto found = find_member<T>(request, name)) return *std::move(found);
  throw pack::PackError(Status::missing, name, "must be given");
}

inline std::vector<std::string> texts_member(const Json& request, const char* name) {
  return member_or<std::vector<std::string>>(request, name, {});
}

// Throws where the request has a member that is not among these.
inline void refuse_unknown(const Json& request, std::initializer_list<std::string_view> known) {
  for (const auto& [name, value] : request.items())
    if (std::find(known.begin(), known.end(), name) == known.end())
      throw pack::PackError(Status::argument, name, "the request has no such member");
}

}  // namespace guardrank::publish
