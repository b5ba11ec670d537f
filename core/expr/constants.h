// Names that stand for values: CEL's types, and what a caller of compile_expression brings along.
#pragma once

#include "core/expr/ast.h"

namespace guardrank {

// Makes `node` a literal when `path` is such a name: tried in the scope's container, then in those
// around it, then as it stands; only as it stands when `is_absolute`.
bool find_named_constant(const ExpressionScope& scope, bool is_absolute, std::string_view path,
                         Node* node);

}  // namespace guardrank
