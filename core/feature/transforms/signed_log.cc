// signed_log: sign(x) ln(1 + |x|).
#include "core/base/math.h"
#include "core/feature/transforms.h"

namespace guardrank {
namespace {

Form result(const Transform&, Form input) { return numeric_form(input); }

double compute(const Transform&, double x) {
  return x < 0 ? -deterministic_log1p(-x) : deterministic_log1p(x);
}

}  // namespace

const TransformOp signed_log_transform = {TransformKind::signed_log, "signed_log", "a number",
                                          result, map_numbers<compute>, map_number<compute>};

}  // namespace guardrank
