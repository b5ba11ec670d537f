// A checked syntax tree to a program.
#pragma once

#include "core/base/arena.h"
#include "core/expr/ast.h"
#include "core/expr/diagnostic.h"
#include "core/expr/program.h"

namespace guardrank {

// The tree's nodes get their registers; the program lives in `arena` and keeps no view of the tree.
// Status::parse for a pattern that is none.
Status compile_tree(const Diagnostic& diagnostic, const ExpressionScope& scope, ExprType wanted,
                    SyntaxTree* tree, Arena* arena, Program* program);

}  // namespace guardrank
