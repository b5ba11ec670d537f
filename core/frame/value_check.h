// One value of a request against the fact it is for.
#pragma once

#include "core/base/status.h"
#include "core/frame/request.h"

namespace guardrank {

// Type, finiteness, UTF-8 and limits; `stored` is the value in the fact's own type. Texts and lists
// are not copied. `row` is for the message. A missing value suits every fact.
Status check_value(const Fact& fact, std::uint32_t row, const Value& value, Value* stored,
                   Error* error);

// "a number", "a whole number", "a boolean", ... for messages.
std::string_view wanted_name(FactType type);

}  // namespace guardrank
