// UTF-8 checks (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF).
#pragma once

#include <cstddef>
#include <string_view>

namespace guardrank {

// True when the whole text is well formed; otherwise `offset` (may be null) is the first bad byte.
bool is_valid_utf8(std::string_view text, std::size_t* offset = nullptr);

// Largest size <= max_bytes at which `text` can be cut between characters.
std::size_t utf8_cut(std::string_view text, std::size_t max_bytes);

}  // namespace guardrank
