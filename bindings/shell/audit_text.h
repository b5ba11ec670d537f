// The report of an audit on a terminal.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace guardrank::shell {

std::string audit_text(const nlohmann::ordered_json& report);

}  // namespace guardrank::shell
