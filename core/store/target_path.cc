#include "core/store/target_path.h"

#include <algorithm>

namespace guardrank {

namespace {

constexpr std::size_t max_name_bytes = 200;
constexpr std::string_view hexadecimal_digits = "0123456789abcdef";
constexpr std::string_view address_digits = "0123456789ABCDEF";

bool is_lower_or_digit(char byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9');
}
bool is_unreserved(char byte) {
  return is_lower_or_digit(byte) || (byte >= 'A' && byte <= 'Z') || byte == '-' || byte == '.' ||
         byte == '_' || byte == '~';
}
bool is_plain_in_cache(char byte) { return is_lower_or_digit(byte) || byte == '-' || byte == '.'; }

// The character at `*at` of a text that is not over; documents hold UTF-8 alone.
std::uint32_t take_character(std::string_view text, std::size_t* at) {
  const auto lead = static_cast<std::uint8_t>(text[(*at)++]);
  std::uint32_t character = lead < 0x80 ? lead : lead & (lead < 0xe0 ? 31u : lead < 0xf0 ? 15u : 7u);
  while (*at < text.size() && (static_cast<std::uint8_t>(text[*at]) & 0xc0) == 0x80)
    character = character << 6 | (static_cast<std::uint8_t>(text[(*at)++]) & 63u);
  return character;
}

// Where the list of characters that starts behind `begin` ends; npos: a bracket that is none but itself. A bracket
// in front, or behind the mark, is one of the list; no list goes over a slash.
std::size_t end_of_list(std::string_view pattern, std::size_t begin) {
  std::size_t at = begin + 1;
  at += at < pattern.size() && pattern[at] == '!';
  for (bool is_first = true; at < pattern.size() && pattern[at] != '/'; ++at, is_first = false) {
    if (pattern[at] == ']' && !is_first) return at;
  }
  return std::string_view::npos;
}

bool is_listed(std::string_view pattern, std::size_t at, std::size_t end, std::uint32_t character) {
  bool is_found = false;
  while (at < end) {
    const std::uint32_t least = take_character(pattern, &at);
    std::uint32_t most = least;
    if (at + 1 < end && pattern[at] == '-') {
      ++at;
      most = take_character(pattern, &at);
    }
    is_found = is_found || (least <= character && character <= most);
  }
  return is_found;
}

// Whether the pattern's next element, which is no star, is this character; moves behind the element.
bool fits_one(std::string_view pattern, std::size_t* at, std::uint32_t character) {
  const std::size_t end = pattern[*at] == '[' ? end_of_list(pattern, *at) : std::string_view::npos;
  if (end == std::string_view::npos) {
    const bool is_any = pattern[*at] == '?';
    return take_character(pattern, at) == character || (is_any && character != '/');
  }
  const std::size_t first = *at + 1;
  const bool is_negated = pattern[first] == '!';
  *at = end + 1;
  return character != '/' && is_listed(pattern, first + is_negated, end, character) != is_negated;
}

template <typename Out>
void append_byte(char mark, std::string_view digits, char byte, Out* out) {
  const auto value = static_cast<std::uint8_t>(byte);
  const char text[3] = {mark, digits[value >> 4], digits[value & 15]};
  out->append({std::string_view(text, sizeof text)});
}

}  // namespace

bool matches_path_pattern(std::string_view pattern, std::string_view path) {
  // Where to go on from when what stands after a star does not fit: one character later.
  std::size_t after_star = std::string_view::npos, star_path = 0;
  std::size_t p = 0, i = 0;
  while (i < path.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      after_star = ++p;
      star_path = i;
      continue;
    }
    std::size_t next_p = p, next_i = i;
    if (p < pattern.size() && fits_one(pattern, &next_p, take_character(path, &next_i))) {
      p = next_p;
      i = next_i;
    } else if (after_star != std::string_view::npos && path[star_path] != '/') {
      p = after_star;
      take_character(path, &star_path);
      i = star_path;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool matches_hash_prefix(std::string_view prefix, const Sha256Digest& path_hash) {
  if (prefix.empty() || prefix.size() > 2 * path_hash.size()) return false;
  for (std::size_t i = 0; i < prefix.size(); ++i) {
    const std::uint8_t byte = path_hash[i / 2];
    if (prefix[i] != hexadecimal_digits[i % 2 == 0 ? byte >> 4 : byte & 15]) return false;
  }
  return true;
}

bool is_safe_target_path(std::string_view path) {
  if (path.size() > limits::target_path_bytes) return false;
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view part(path.data() + begin, end - begin);
    if (part.empty() || part == "." || part == "..") return false;
    if (part.find('\0') != std::string_view::npos) return false;
    begin = end + 1;
  }
  return true;
}

void append_encoded(std::string_view name, bool keeps_slashes, EncodedPath* out) {
  for (const char& byte : name) {
    if (is_unreserved(byte) || (byte == '/' && keeps_slashes)) {
      out->append({std::string_view(&byte, 1)});
    } else {
      append_byte('%', address_digits, byte, out);
    }
  }
}

void append_cache_name(std::string_view name, CacheKey* out) {
  std::size_t n_marked = 0;
  for (const char byte : name) n_marked += !is_plain_in_cache(byte);
  // A dot in front would hide the file, or be a folder's own name.
  const bool starts_with_dot = !name.empty() && name[0] == '.';
  if (name.size() + 2 * n_marked + 2 * starts_with_dot > max_name_bytes) {
    // "_" goes before two digits otherwise, so no shorter name gives this.
    const DigestText digest = digest_text(
        sha256({reinterpret_cast<const std::uint8_t*>(name.data()), name.size()}));
    out->append({"_sha256-", std::string_view(digest.data() + 7, digest.size() - 7)});
    return;
  }
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (is_plain_in_cache(name[i]) && !(i == 0 && starts_with_dot)) {
      out->append({std::string_view(&name[i], 1)});
    } else {
      append_byte('_', hexadecimal_digits, name[i], out);
    }
  }
}

}  // namespace guardrank
