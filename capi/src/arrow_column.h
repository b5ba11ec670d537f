// One array of the Arrow C data interface as a column of a fact. What can be checked is checked before
// it is read; how long its buffers are the interface does not say.
#pragma once

#include <cstdint>

#include "capi/include/guardrank_arrow.h"
#include "capi/src/report.h"
#include "core/frame/fact_table.h"

namespace guardrank {

// The rows of a struct array that its children are read for: `first` on, and missing where the struct
// itself is (`validity`, null: nowhere; its bit `offset` + row).
struct ArrowRows {
  std::int64_t first = 0;
  std::uint32_t count = 0;
  const void* validity = nullptr;
  std::int64_t offset = 0;
};

// What every array must be, whatever it holds: lengths that can be, buffers and children as many as its
// format has, no nulls without a bitmap. `where` names it.
Status check_arrow_array(const ArrowArray& array, std::int64_t n_buffers, std::int64_t n_children,
                         std::string_view where, Error* error);

bool arrow_bit(const void* bitmap, std::int64_t index);

// "offer.apr"
Text<Error::max_part_bytes> arrow_place(const Fact& fact);

// The column of `fact`, checked as a request's values are, copied into `arena` with its texts.
Status read_arrow_column(const Fact& fact, const ArrowRows& rows, const ArrowSchema& schema,
                         const ArrowArray& array, Arena* arena, Column* column, Error* error);

}  // namespace guardrank
