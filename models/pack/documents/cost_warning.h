// Expressions that may run out of steps.
#pragma once

#include <string>

#include "core/expr/expression.h"

namespace guardrank::pack {

// What to tell of an expression whose estimate is beyond limits::evaluation_row_steps; else empty.
std::string cost_warning(const Program& program);

}  // namespace guardrank::pack
