// days_since: (request time - timestamp) in days of 86400 s.
#include "core/feature/transforms.h"

namespace guardrank {
namespace {

constexpr double micros_per_day = 86400e6;

Form result(const Transform&, Form input) {
  return input == Form::timestamp ? Form::number : Form::none;
}

Status apply(const Transform&, const TransformContext& context, WorkingColumn* column) {
  GUARDRANK_TRY(context.arena->make(column->n_rows, &column->numbers));
  for (std::uint32_t row = 0; row < column->n_rows; ++row) {
    if (column->present[row] == 0) continue;
    std::int64_t micros;
    if (__builtin_sub_overflow(context.now, column->integers[row], &micros)) {
      column->drop(row);  // times 292,000 years apart
    } else {
      column->numbers[row] = static_cast<double>(micros) / micros_per_day;
    }
  }
  column->form = Form::number;
  return Status::ok;
}

}  // namespace

const TransformOp days_since_transform = {TransformKind::days_since, "days_since", "a timestamp",
                                          result, apply};

}  // namespace guardrank
