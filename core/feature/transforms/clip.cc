// clip {min, max}.
#include "core/feature/transforms.h"

namespace guardrank {
namespace {

Form result(const Transform& transform, Form input) {
  return transform.minimum <= transform.maximum ? numeric_form(input) : Form::none;
}

double compute(const Transform& transform, double x) {
  if (x < transform.minimum) return transform.minimum;
  return x > transform.maximum ? transform.maximum : x;
}

}  // namespace

const TransformOp clip_transform = {TransformKind::clip, "clip", "a number, and min <= max", result,
                                    map_numbers<compute>, map_number<compute>};

}  // namespace guardrank
