// Values of the expression language as JSON and as people would write them.
#pragma once

#include <string>

#include "core/base/json.h"
#include "core/expr/expr_value.h"

namespace guardrank::tools {

// Lists and maps as such (a map's keys as text), times and durations as their text, bytes as
// base64, a double that is not finite as its name, an int beyond 2^53 as decimal text.
void write_json(const ExprValue& value, JsonWriter* writer);
// As a literal of the language: "3u", "'it\\'s'", "[1, 2.0]", "{'a': b'x'}", "duration('5s')".
std::string expression_text(const ExprValue& value);

}  // namespace guardrank::tools
