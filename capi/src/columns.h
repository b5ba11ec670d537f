// A host's column as a view.
#pragma once

#include "capi/src/report.h"

namespace guardrank {

// The pointer that the column's type reads; texts become views in `arena`. The list offsets must
// have been checked.
Status view_column(const gr_column& given, Arena* arena, Column* column, Error* error);

}  // namespace guardrank
