// The reports as pages.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace guardrank::audit {

std::string population_page(const nlohmann::ordered_json& report);
std::string ranking_page(const nlohmann::ordered_json& report);

}  // namespace guardrank::audit
