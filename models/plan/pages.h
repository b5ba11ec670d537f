// The reports as pages.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace guardrank::plan {

std::string sweep_page(const nlohmann::ordered_json& report);
std::string targets_page(const nlohmann::ordered_json& report);
std::string stages_page(const nlohmann::ordered_json& report);

}  // namespace guardrank::plan
