// Canonical JSON, the form that signatures of metadata are made over: no space, members by the order
// of their names' bytes, `"` and `\` escaped and nothing else, whole numbers only. As securesystemslib
// writes it ("OLPC canonical JSON").
#pragma once

#include <string_view>

#include "core/base/json.h"

namespace guardrank {

// `longest` is the size of the text that `value` was read from: the canonical form is never longer.
// Status::json for a number with a fraction or exponent or beyond 64 bits.
Status write_canonical_json(const JsonValue& value, std::size_t longest, Arena* arena,
                            std::string_view* text, Error* error);

}  // namespace guardrank
