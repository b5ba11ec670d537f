// The version of the engine, as decisions and records state it. Equals the file VERSION (tested).
#pragma once

#include <string_view>

namespace guardrank {

inline constexpr std::string_view engine_version = "0.1.0";

}  // namespace guardrank
