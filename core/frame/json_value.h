// A JSON value in the form of a fact's type.
#pragma once

#include "core/base/json.h"
#include "core/frame/request.h"

namespace guardrank {

// Null is a missing value. Limits and finiteness are left to the request's setters. Texts point
// into the document; lists and vectors live in `arena`. `row` is for the message.
Status json_value(const Fact& fact, std::uint32_t row, const JsonValue& json, Arena* arena,
                  Value* value, Error* error);

// RFC 3339; or micros as a decimal string for a time outside its years.
Status json_time(const JsonValue& json, std::string_view where, Value* value, Error* error);

// "where: wanted WANTED, found a string", Status::type.
Status wrong_type(std::string_view where, std::string_view wanted, JsonType found, Error* error);

}  // namespace guardrank
