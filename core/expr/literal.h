// The values of literals as they are written.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/base/arena.h"

namespace guardrank {

// Decimal or 0x digits without a sign. False when the value leaves int64 (`is_negative`: of -text).
bool read_integer_literal(std::string_view text, bool is_negative, std::int64_t* value);
bool read_unsigned_literal(std::string_view text, std::uint64_t* value);

// CEL's double: leading zeros and a missing whole part are allowed. `*is_in_range` is false when
// the value is beyond the largest double. Status::memory only.
Status read_number_literal(std::string_view text, Arena* arena, double* value, bool* is_in_range);

// A string or bytes token with its prefix and quotes to its characters, in `arena`. When an escape
// is wrong, `*problem` says how and `*problem_offset` (in `text`) where. Status::memory otherwise.
Status read_string_literal(std::string_view text, Arena* arena, std::string_view* value,
                           std::string_view* problem, std::size_t* problem_offset);

// One character as UTF-8 to `out`; bytes written, at most 4.
std::size_t write_character(std::uint32_t code, char* out);

}  // namespace guardrank
