// Escapes in JSON strings (RFC 8259, section 7).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace guardrank {

enum class JsonEscape : std::uint8_t { ok, unknown, lone_surrogate };

// Decodes what stands between the quotes; a character follows every backslash. `out` has room for
// raw.size() bytes. Unless all is well, `at` is the offset of the escape that is wrong.
JsonEscape unescape_json(std::string_view raw, char* out, std::size_t* size, std::size_t* at);

}  // namespace guardrank
