// Two records of one request, value by value.
#pragma once

#include "core/record/record.h"
#include "core/record/record_root.h"

namespace guardrank {

// Whether every outcome is the same, bit for bit; the first that is not is named in `result`.
bool is_same_record(const RecordRoot& recorded, const RecordRoot& now, ReplayResult* result);

}  // namespace guardrank
