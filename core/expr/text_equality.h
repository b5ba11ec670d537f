// Whether texts are the same: the one comparison that rules make over and over.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace guardrank {

bool equal_texts(std::string_view a, std::string_view b);

// The order of a constant list's elements; texts of one size stand together.
struct ElementOrder {
  template <typename Number>
  bool operator()(Number a, Number b) const { return a < b; }
  bool operator()(std::string_view a, std::string_view b) const {
    return a.size() != b.size() ? a.size() < b.size() : a < b;
  }
};

// Where in a text another one is looked for.
enum class TextPlace : std::uint8_t { whole, begin, end };

// out[i] |= whether texts[i] is, begins or ends with one of the parts: the same parts for all rows.
// Parts of one size cost less where they stand together.
void match_texts(const std::string_view* texts, std::uint32_t n,
                 std::span<const std::string_view> parts, TextPlace place, std::uint8_t* out);

}  // namespace guardrank
