// Tokens to a syntax tree, by CEL's grammar.
#pragma once

#include "core/base/arena.h"
#include "core/expr/ast.h"
#include "core/expr/diagnostic.h"

namespace guardrank {

// Parses one whole expression; names of `scope`'s constants become their values. Status::parse, or
// Status::limit for more than limits::expression_nodes nodes or limits::expression_depth levels of
// nesting.
Status parse_expression(const Diagnostic& diagnostic, const ExpressionScope& scope, Arena* arena,
                        SyntaxTree* tree);

}  // namespace guardrank
