// bucketize {edges}: 0 missing, 1 + number of edges <= x.
#include <algorithm>

#include "core/feature/transforms.h"

namespace guardrank {
namespace {

Form result(const Transform&, Form input) {
  return numeric_form(input) == Form::number ? Form::code : Form::none;
}

Status apply(const Transform& transform, const TransformContext& context, WorkingColumn* column) {
  GUARDRANK_TRY(make_numbers(context, column));
  return map_codes(context, column, [&](std::uint32_t row) {
    const auto above =
        std::upper_bound(transform.edges.begin(), transform.edges.end(), column->numbers[row]);
    return static_cast<std::uint32_t>(1 + (above - transform.edges.begin()));
  });
}

}  // namespace

const TransformOp bucketize_transform = {TransformKind::bucketize, "bucketize", "a number", result,
                                         apply};

}  // namespace guardrank
