// What is known before any request: lists and maps of literals as one value.
#pragma once

#include "core/base/arena.h"
#include "core/expr/ast.h"
#include "core/expr/program.h"

namespace guardrank {

// Marks such nodes as constants and their parts as folded. A map with a repeated key stays as it is:
// it fails when it runs.
Status fold_constants(SyntaxTree* tree, Arena* arena);

// `in` a constant list, for a sought int, double or string: sets the operation's code and its
// ascending elements of the sought type; an element that no value of that type equals is left out.
// False for another type.
bool has_constant_in(ExprType sought);
Status make_constant_in(const ExprValue& list, ExprType sought, Arena* arena,
                        Operation* operation);

}  // namespace guardrank
