// The members of a request's JSON form that are neither context nor candidates.
#pragma once

#include "core/base/json.h"
#include "core/frame/request.h"

namespace guardrank {

// Applies one member; `is_known` says whether its name is one of these. `has_time` becomes true
// when a time was given.
Status read_request_head(const JsonValue& member, Request* request, bool* is_known,
                         bool* has_time, Error* error);

// "where: unknown member 'name'", Status::json.
Status unknown_member(std::string_view where, std::string_view name, Error* error);

}  // namespace guardrank
