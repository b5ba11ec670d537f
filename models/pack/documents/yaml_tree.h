// YAML to the tree that JSON gives.
#pragma once

#include <string_view>

#include "core/base/json.h"
#include "models/pack/memory.h"

namespace guardrank::pack {

// One YAML document. Plain scalars are read by the core schema of YAML 1.2 (null, true, decimal
// numbers, else text); quoted ones are texts. Tags, merge keys and keys that are no scalars are
// refused. Throws PackError with Status::json, or Status::limit for depth and number of nodes.
const JsonValue* parse_yaml(std::string_view text, Memory* memory);

}  // namespace guardrank::pack
