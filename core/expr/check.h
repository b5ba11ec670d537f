// The types of a syntax tree, by CEL's rules against the fact table.
#pragma once

#include "core/expr/ast.h"
#include "core/expr/diagnostic.h"

namespace guardrank {

// Sets type, fact, variation and most elements of every node. Status::typecheck, name,
// protected_fact; of an unchecked scope only the last.
Status check_expression(const Diagnostic& diagnostic, const ExpressionScope& scope, ExprType wanted,
                        SyntaxTree* tree);

}  // namespace guardrank
