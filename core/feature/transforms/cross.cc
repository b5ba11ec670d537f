// cross: stands first in the chain of a field with `inputs`. The joining itself is done while the
// column is loaded (load.cc), since it alone reads several facts.
#include "core/feature/transforms.h"

namespace guardrank {
namespace {

Form result(const Transform&, Form input) {
  return input == Form::joined ? Form::joined : Form::none;
}

Status apply(const Transform&, const TransformContext&, WorkingColumn*) { return Status::ok; }

}  // namespace

const TransformOp cross_transform = {TransformKind::cross, "cross",
                                     "to be first in a field that has inputs", result, apply};

}  // namespace guardrank
