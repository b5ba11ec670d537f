// Rows picked from columns into a new one.
#pragma once

#include "core/base/arena.h"
#include "core/frame/column.h"

namespace guardrank {

// Where one row's value comes from; no column: missing.
struct Pick {
  const Column* column = nullptr;
  std::uint32_t row = 0;
};

// A missing value for all rows: one row of the type, absent.
Column missing_column(FactType type, std::uint32_t width);

// The given rows of one column, which is not of lists: values copied, texts shared.
Status take_rows(const Column& from, std::span<const std::uint32_t> rows, Arena* arena, Column* column);

// One row per pick, values copied, texts shared. All columns picked from have the type and width.
Status gather_rows(FactType type, std::uint32_t width, std::span<const Pick> picks, Arena* arena,
                   Column* column);

}  // namespace guardrank
