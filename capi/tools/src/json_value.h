// Values of the rule language as JSON: plain, or typed objects {"$type": "uint", "value": 5}.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/expr/expr_value.h"

namespace guardrank::tools {

// {"type": "list", "value": [{"type": "int", "value": 1}]}; a map's value is an array of [key, value]
// pairs. Bytes as base64, times and durations as text, an integer beyond 2^53 as decimal text, a
// double that is not finite as its name.
void write_typed(const ExprValue& value, JsonWriter* writer);
// The two members alone, into an open object.
void write_members(const ExprValue& value, JsonWriter* writer);

// Whether an object says of what type it is.
bool is_typed(const JsonValue& value);

// Reads values and keeps what they point at, texts in the document apart.
class JsonValues {
 public:
  explicit JsonValues(Arena* arena) : arena_(arena) {}

  // A typed object as it says; else null, bool, int (a number without fraction), double, string,
  // list or map. Throws a PackError that names `path`.
  ExprValue read(const JsonValue& json, const std::string& path);

 private:
  ExprValue read_plain(const JsonValue& json, const std::string& path);
  ExprValue read_typed(const JsonValue& json, std::string_view type_name, const std::string& path);
  ExprValue read_bytes(const JsonValue& json, const std::string& path);
  ExprValue read_collection(ExprType type, const JsonValue& json, const std::string& path);
  ExprValue read_within(const JsonValue& json, const std::string& path);
  ExprValue keep(ExprType type, std::vector<ExprValue> elements, const std::string& path);

  Arena* arena_;
  std::deque<std::vector<ExprValue>> kept_;
};

}  // namespace guardrank::tools
