// Values of the expression language as people would write them.
#pragma once

#include <string>

#include "core/expr/expression.h"

namespace guardrank::tools {

// "2.5", or "NaN", "Infinity", "-Infinity".
std::string number_text(double number);
// "2026-11-21T10:00:00Z", "3.5s".
std::string time_text(const ExprValue& value);
// As a literal of the language: "3u", "'it\\'s'", "[1, 2.0]", "{'a': b'x'}", "duration('5s')".
std::string expression_text(const ExprValue& value);

}  // namespace guardrank::tools
