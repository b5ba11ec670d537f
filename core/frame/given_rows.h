// The columns in which a request keeps what was given: one array per fact, written row by row.
#pragma once

#include "core/base/arena.h"
#include "core/frame/request.h"

namespace guardrank {

// A column of `n_rows` rows, all missing, in arrays of its own.
Status make_rows(const Fact& fact, std::uint32_t n_rows, Arena* arena, Column* column);

// Puts copies of a borrowed column's arrays in place of the host's; texts stay where they are.
Status own_rows(Arena* arena, Column* column);

// Writes one row of a column that `make_rows` or `own_rows` made; copies what the value points to.
// Lists are kept in row order: writing one row of n costs a pass over the rows after it.
Status store_value(const Value& value, std::uint32_t row, Arena* arena, Column* column);

// One row of a column that has the arrays of its type.
Value value_of(const Column& column, std::uint32_t row);

Status copy_text(std::string_view text, Arena* arena, std::string_view* copy);

}  // namespace guardrank
