// standardize {mean, std}: (x - mean) / std.
#include "core/base/math.h"
#include "core/feature/transforms.h"

namespace guardrank {
namespace {

Form result(const Transform& transform, Form input) {
  const bool is_usable = is_finite(transform.mean) && is_finite(transform.standard_deviation) &&
                         transform.standard_deviation > 0;
  return is_usable ? numeric_form(input) : Form::none;
}

double compute(const Transform& transform, double x) {
  return (x - transform.mean) / transform.standard_deviation;
}

}  // namespace

const TransformOp standardize_transform = {TransformKind::standardize, "standardize",
                                           "a number, and std > 0", result, map_numbers<compute>, map_number<compute>};

}  // namespace guardrank
