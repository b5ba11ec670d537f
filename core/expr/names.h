// Names in expressions: which fact they mean, whether they may be used here, and what was meant
// when they mean none.
#pragma once

#include "core/expr/ast.h"
#include "core/expr/diagnostic.h"

namespace guardrank {

// Sets `node->fact`, `type` and `varies`. Status::name for an unknown name, one that no policy
// declares or one of a namespace that is closed here; protected_fact; typecheck for a fact whose
// type expressions do not know.
Status resolve_name(const Diagnostic& diagnostic, const ExpressionScope& scope, Node* node);

}  // namespace guardrank
