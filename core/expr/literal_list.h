// The literal list on the right of `in`, as a constant.
#pragma once

#include "core/base/arena.h"
#include "core/expr/ast.h"
#include "core/expr/program.h"

namespace guardrank {

// Sets the operation's code and its ascending elements, all of the type that is looked for: an
// element that no value of that type equals is left out.
Status make_literal_list(const SyntaxTree& tree, const Node& list, ExprType value, Arena* arena,
                         Operation* operation);

}  // namespace guardrank
