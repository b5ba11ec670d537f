// Whether texts are the same: the one comparison that rules make over and over.
#pragma once

#include <cstdint>
#include <string_view>

namespace guardrank {

bool equal_texts(std::string_view a, std::string_view b);

// Where in a text another one is looked for.
enum class TextPlace : std::uint8_t { whole, begin, end };

// out[i] |= whether texts[i] is, begins or ends with `part`: one part for all rows.
void match_texts(const std::string_view* texts, std::uint32_t n, std::string_view part,
                 TextPlace place, std::uint8_t* out);

}  // namespace guardrank
