// log1p: ln(1 + x); missing where x <= -1.
#include "core/base/math.h"
#include "core/feature/transforms.h"

namespace guardrank {
namespace {

Form result(const Transform&, Form input) { return numeric_form(input); }

double compute(const Transform&, double x) { return deterministic_log1p(x); }

}  // namespace

const TransformOp log1p_transform = {TransformKind::log1p, "log1p", "a number", result,
                                     map_numbers<compute>, map_number<compute>};

}  // namespace guardrank
