// A report of the tools (JSON) as text: an object of objects is a table, the rest is lines.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace guardrank::shell {

std::string report_text(const nlohmann::ordered_json& report);

}  // namespace guardrank::shell
