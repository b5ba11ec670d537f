// A part of a text without the check that throws: std::string_view::substr calls into the C++
// runtime wherever the optimiser cannot prove the position, and the library links none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace guardrank {

// Like substr, and empty where it would throw.
constexpr std::string_view slice(std::string_view text, std::size_t at,
                                 std::size_t size = SIZE_MAX) {
  if (at > text.size()) return {};
  const std::size_t rest = text.size() - at;
  return {text.data() + at, size < rest ? size : rest};
}

}  // namespace guardrank
