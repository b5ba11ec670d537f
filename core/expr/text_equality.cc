#include "core/expr/text_equality.h"

namespace guardrank {
namespace {

template <typename Word>
Word word_at(const char* text) {
  Word word;
  __builtin_memcpy(&word, text, sizeof word);
  return word;
}

// Sizes and both ends at once: which of them differs is hard to foresee, so nothing branches on it.
template <typename Word>
bool equal_ends(std::string_view a, std::string_view b) {
  constexpr std::size_t width = sizeof(Word);
  const bool has_size = a.size() == b.size();
  const bool has_begin = word_at<Word>(a.data()) == word_at<Word>(b.data());
  const bool has_end = word_at<Word>(a.data() + (a.size() - width)) ==
                       word_at<Word>(b.data() + (b.size() - width));
  return has_size & has_begin & has_end;
}

// Likewise without a branch: a text of another size stands aside for the part itself, by masks,
// since compilers make jumps of anything plainer.
template <typename Word>
void match_ends(const std::string_view* texts, std::uint32_t n, std::string_view part,
                TextPlace place, std::uint8_t* out) {
  const std::size_t size = part.size(), last = size - sizeof(Word);
  const std::size_t slack = place == TextPlace::whole ? 0 : SIZE_MAX / 2;
  const std::size_t skips = place == TextPlace::end ? SIZE_MAX : 0;
  const auto itself = reinterpret_cast<std::uintptr_t>(part.data());
  const Word begin = word_at<Word>(part.data()), end = word_at<Word>(part.data() + last);
  const bool is_long = size > 2 * sizeof(Word);
  for (std::uint32_t i = 0; i < n; ++i) {
    const std::size_t more = texts[i].size() - size;
    const bool has_size = more <= slack;
    const std::uintptr_t mask = std::uintptr_t{0} - (has_size ? 1u : 0u);
    const auto there = reinterpret_cast<std::uintptr_t>(texts[i].data()) + (more & skips);
    const char* at = reinterpret_cast<const char*>(itself ^ ((there ^ itself) & mask));
    const auto differs = static_cast<Word>((word_at<Word>(at) ^ begin) |
                                           (word_at<Word>(at + last) ^ end));
    unsigned holds = (differs == 0 ? 1u : 0u) & (has_size ? 1u : 0u);
    if (is_long && holds != 0) holds = __builtin_memcmp(at, part.data(), size) == 0 ? 1 : 0;
    out[i] = static_cast<std::uint8_t>(out[i] | holds);
  }
}

}  // namespace

// Names and codes are short: no call up to 16 bytes.
bool equal_texts(std::string_view a, std::string_view b) {
  const std::size_t least = a.size() < b.size() ? a.size() : b.size();
  if (least >= 8)
    return equal_ends<std::uint64_t>(a, b) &&
           (least <= 16 || __builtin_memcmp(a.data(), b.data(), least) == 0);
  if (least >= 4) return equal_ends<std::uint32_t>(a, b);
  if (least >= 2) return equal_ends<std::uint16_t>(a, b);
  return a.size() == b.size() && (least == 0 || a[0] == b[0]);
}

void match_texts(const std::string_view* texts, std::uint32_t n, std::string_view part,
                 TextPlace place, std::uint8_t* out) {
  if (part.size() >= 8) return match_ends<std::uint64_t>(texts, n, part, place, out);
  if (part.size() >= 4) return match_ends<std::uint32_t>(texts, n, part, place, out);
  if (part.size() >= 2) return match_ends<std::uint16_t>(texts, n, part, place, out);
  if (part.size() == 1) return match_ends<std::uint8_t>(texts, n, part, place, out);
  for (std::uint32_t i = 0; i < n; ++i)
    out[i] = place != TextPlace::whole || texts[i].empty() ? 1 : out[i];
}

}  // namespace guardrank
