// Parts of an expression that read no fact, and are errors.
#pragma once

#include "core/expr/expression.h"

namespace guardrank::pack {

// Status::eval at the first part that is an error whatever the facts are: a text that is no time or
// duration, a whole number divided by zero, whatever else reads nothing and fails. (`true || 1 / 0 > 0`
// does not fail.) `source` is one that compiles.
Status check_constant_parts(std::string_view source, std::string_view where, const FactTable& facts,
                            NamespaceSet allowed, Error* error);

}  // namespace guardrank::pack
