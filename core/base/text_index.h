// Where a text stands in a list of texts, found by its hash.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "core/base/arena.h"
#include "core/base/status.h"

namespace guardrank {

class TextIndex {
 public:
  static constexpr std::uint32_t no_text = UINT32_MAX;

  // The texts stay as long as the index; of one that stands twice the first is found. 8 to 16 bytes a text.
  // Status::limit when they collide more than chance would have them (they were made to): the index is then
  // closed, and another seed or another way of finding them is wanted. Status::memory.
  Status open(std::span<const std::string_view> texts, std::uint64_t seed, Arena* arena);
  bool is_open() const { return !slots_.empty(); }

  // Its place in the list, or no_text.
  std::uint32_t find(std::string_view text) const;

 private:
  std::span<const std::string_view> texts_;
  std::span<std::uint32_t> slots_;     // a power of two of them, at most half full; no_text: free
  std::uint64_t seed_ = 0;
};

}  // namespace guardrank
