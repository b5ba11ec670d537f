// JSON as it is signed: one text for one value.
#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace guardrank::publish {

// Members are sorted by name, which is also their order in canonical form.
using Json = nlohmann::json;

// OLPC's canonical JSON, as securesystemslib writes it: no white space, members sorted, of texts only
// '"' and '\' escaped, numbers whole. Throws PackError for a number with a fraction.
std::string canonical_json(const Json& value);

// Throws PackError that names `name` where `text` is not JSON, or gives one member twice.
Json parse_json(std::string_view text, const std::string& name);

}  // namespace guardrank::publish
