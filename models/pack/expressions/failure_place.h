// Where in an expression an error came up when it ran.
#pragma once

#include <string_view>

#include "core/expr/expression.h"

namespace guardrank::pack {

// Reports `problem`, which the expression came to in the frame's first row, at the part that it came
// from: its parts are run by themselves, from the whole down. Always returns Status::eval. Within a
// macro each element is tried; where too many are, the macro is the place.
Status report_failure(std::string_view source, std::string_view where,
                      const ExpressionScope& scope, EvalProblem problem, Frame* frame,
                      Arena* arena, Error* error);

}  // namespace guardrank::pack
