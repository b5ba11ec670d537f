// Values of a report as cells of a table.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace guardrank::audit {

// A member as a double; NaN where it is absent or null.
double real(const nlohmann::ordered_json& object, const char* name);
double real(const nlohmann::ordered_json& object, const char* name, std::size_t index);
std::string cell(const nlohmann::ordered_json& object, const char* name, int digits);
std::string interval_cell(const nlohmann::ordered_json& object, const char* name, int digits);
// At most six digits: "0.35", "2e+07".
std::string short_number(double value);
// A p value: "0.031", "2.6e-60".
std::string p_cell(const nlohmann::ordered_json& object, const char* name);
// A group's verdict in words, with a flag for a group that is too small to decide.
std::string verdict_cell(const nlohmann::ordered_json& group);

}  // namespace guardrank::audit
