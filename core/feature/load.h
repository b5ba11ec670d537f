// Columns of facts to the working column that a chain starts from. Private to core/feature.
#pragma once

#include <span>

#include "core/feature/transforms.h"
#include "core/frame/column.h"

namespace guardrank {

// The form in which a field's own value enters its chain.
Form form_of(FactType type);
// Whether a cross may join values of this type: strings, integers, bools and timestamps.
bool may_join(FactType type);

// A copy of `input` over `n_rows` rows, one row standing for all. Status::type when the column is
// of another type than the field (i64 for f64 is accepted, and whole numbers for i64).
Status load_column(const Field& field, const Column& input, std::uint32_t n_rows, Arena* arena,
                   WorkingColumn* column);

// The inputs of a cross joined: each value's bytes after their length as u32 little endian; a row
// where any is missing is missing.
Status load_cross(std::span<const Column> inputs, std::uint32_t n_rows, Arena* arena,
                  WorkingColumn* column);

}  // namespace guardrank
