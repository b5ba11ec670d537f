#include "core/base/text_index.h"

#include <algorithm>
#include <bit>

#include "core/base/hash.h"

namespace guardrank {
namespace {

// Of a table that is half full chance makes one of k steps with 0.82^k (linear probing): none of these for millions.
constexpr int longest_search = 256;

}  // namespace

Status TextIndex::open(std::span<const std::string_view> texts, std::uint64_t seed, Arena* arena) {
  *this = {};
  std::span<std::uint32_t> slots;
  GUARDRANK_TRY(arena->make(std::bit_ceil(texts.size() * 2 + 1), &slots));
  std::fill(slots.begin(), slots.end(), no_text);
  for (std::uint32_t i = 0; i < texts.size(); ++i) {
    std::size_t slot = static_cast<std::size_t>(xxh64(texts[i], seed)) & (slots.size() - 1);
    int n_searched = 0;
    while (slots[slot] != no_text) {
      if (++n_searched > longest_search) return Status::limit;
      slot = (slot + 1) & (slots.size() - 1);
    }
    slots[slot] = i;
  }
  texts_ = texts;
  slots_ = slots;
  seed_ = seed;
  return Status::ok;
}

std::uint32_t TextIndex::find(std::string_view text) const {
  if (slots_.empty()) return no_text;
  std::size_t slot = static_cast<std::size_t>(xxh64(text, seed_)) & (slots_.size() - 1);
  for (; slots_[slot] != no_text; slot = (slot + 1) & (slots_.size() - 1))
    if (texts_[slots_[slot]] == text) return slots_[slot];
  return no_text;
}

}  // namespace guardrank
