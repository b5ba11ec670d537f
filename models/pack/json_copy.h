// A parsed JSON value written out again.
#pragma once

#include "core/base/json.h"

namespace guardrank::pack {

void copy_json(const JsonValue& value, JsonWriter* writer);

}  // namespace guardrank::pack
