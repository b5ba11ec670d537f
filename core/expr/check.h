// The types of a syntax tree, by CEL's rules against the fact table.
#pragma once

#include "core/expr/ast.h"
#include "core/expr/diagnostic.h"
#include "core/expr/names.h"

namespace guardrank {

// Sets type, fact and variation of every node. Status::typecheck, name, protected_fact.
Status check_expression(const Diagnostic& diagnostic, const NameScope& scope, ExprType wanted,
                        SyntaxTree* tree);

}  // namespace guardrank
