// identity: the value as it is.
#include "core/feature/transforms.h"

namespace guardrank {
namespace {

Form result(const Transform&, Form input) { return input; }

Status apply(const Transform&, const TransformContext&, WorkingColumn*) { return Status::ok; }

void apply_to_number(const Transform&, LoneNumber*) {}

}  // namespace

const TransformOp identity_transform = {TransformKind::identity, "identity", "anything", result,
                                        apply, apply_to_number};

}  // namespace guardrank
