#include "core/expr/text_equality.h"

#include <algorithm>

#include "core/expr/row_loop_choice.h"

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

// Texts that are looked at together: their places stay in the processor's nearest memory.
constexpr std::uint32_t chunk_texts = 256;

// The first text's size; libraries differ in which of a view's two words it is.
const std::size_t* sizes_of(const std::string_view* texts) {
  static_assert(sizeof(std::string_view) == size_stride * sizeof(std::size_t));
  std::size_t words[size_stride];
  const std::string_view probe("", 1);
  __builtin_memcpy(words, &probe, sizeof words);
  return reinterpret_cast<const std::size_t*>(texts) + (words[0] == 1 ? 0 : 1);
}

// Both ends at once; in between only where they are the part's.
template <typename Word>
void match_ends(const std::string_view* texts, std::span<const std::uint16_t> places,
                std::string_view part, TextPlace place, std::uint8_t* out) {
  const std::size_t size = part.size(), last = size - sizeof(Word);
  const Word begin = word_at<Word>(part.data()), end = word_at<Word>(part.data() + last);
  const bool is_long = size > 2 * sizeof(Word);
  for (const std::uint16_t i : places) {
    const char* at = texts[i].data() + (place == TextPlace::end ? texts[i].size() - size : 0);
    const auto differs = static_cast<Word>((word_at<Word>(at) ^ begin) |
                                           (word_at<Word>(at + last) ^ end));
    unsigned holds = differs == 0 ? 1 : 0;
    if (is_long && holds != 0) holds = __builtin_memcmp(at, part.data(), size) == 0 ? 1 : 0;
    out[i] = static_cast<std::uint8_t>(out[i] | holds);
  }
}

void match_part(const std::string_view* texts, std::span<const std::uint16_t> places,
                std::string_view part, TextPlace place, std::uint8_t* out) {
  if (part.size() >= 8) return match_ends<std::uint64_t>(texts, places, part, place, out);
  if (part.size() >= 4) return match_ends<std::uint32_t>(texts, places, part, place, out);
  if (part.size() >= 2) return match_ends<std::uint16_t>(texts, places, part, place, out);
  if (part.size() == 1) return match_ends<std::uint8_t>(texts, places, part, place, out);
  for (const std::uint16_t i : places) out[i] = 1;
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

void match_texts(const std::string_view* texts, std::uint32_t n,
                 std::span<const std::string_view> parts, TextPlace place, std::uint8_t* out) {
  std::uint16_t places[chunk_texts + spare_places];
  const RowLoops& loops = row_loops();
  for (std::uint32_t first = 0; first < n; first += chunk_texts) {
    // Sizes alone tell most texts apart, and asking them first leaves few to look into.
    const std::uint32_t n_chunk = std::min(n - first, chunk_texts);
    std::uint32_t n_places = 0;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const std::size_t size = parts[i].size();
      if (i == 0 || size != parts[i - 1].size())
        n_places = loops.find_sized(sizes_of(texts + first), n_chunk, size,
                                    place != TextPlace::whole, places);
      match_part(texts + first, {places, n_places}, parts[i], place, out + first);
    }
  }
}

}  // namespace guardrank
