#include "core/expr/diagnostic.h"
#include "core/base/slice.h"

namespace guardrank {
namespace {

constexpr std::size_t max_columns = 72;
constexpr std::size_t columns_before = 40;      // of a long line, kept before the caret
constexpr std::size_t max_excerpt_bytes = 110;  // so that the caret's line fits the message

bool continues_character(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

std::size_t count_characters(std::string_view text) {
  std::size_t count = 0;
  for (const char byte : text) count += continues_character(byte) ? 0 : 1;
  return count;
}

struct Place {
  std::string_view line;    // without its line break
  std::size_t byte = 0;     // of the caret in `line`
  std::size_t number = 1, column = 1;
};

Place locate(std::string_view source, std::size_t offset) {
  Place place;
  offset = offset < source.size() ? offset : source.size();
  while (offset < source.size() && offset > 0 && continues_character(source[offset])) --offset;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < offset; ++i) {
    if (source[i] != '\n') continue;
    begin = i + 1;
    ++place.number;
  }
  std::size_t end = offset;
  while (end < source.size() && source[end] != '\n') ++end;
  place.line = slice(source, begin, end - begin);
  place.byte = offset - begin;
  place.column = count_characters(slice(place.line, 0, place.byte)) + 1;
  return place;
}

// The part of a line that is shown, control characters as blanks.
struct Excerpt {
  char bytes[max_excerpt_bytes + 8];
  std::size_t size = 0;
  std::size_t caret = 0;    // column from 0

  void put(std::string_view text) {
    for (const char byte : text) {
      const unsigned char code = static_cast<unsigned char>(byte);
      bytes[size++] = code < 0x20 || code == 0x7F ? ' ' : byte;
    }
  }
};

std::size_t step_back(std::string_view line, std::size_t from, std::size_t characters) {
  while (characters > 0 && from > 0) {
    --from;
    while (from > 0 && continues_character(line[from])) --from;
    --characters;
  }
  return from;
}

void cut(const Place& place, Excerpt* excerpt) {
  const std::string_view line = place.line;
  const bool is_whole = line.size() <= max_excerpt_bytes && count_characters(line) <= max_columns;
  std::size_t begin = is_whole ? 0 : step_back(line, place.byte, columns_before);
  while (place.byte - begin > max_excerpt_bytes / 2) begin += 1;
  while (begin < place.byte && continues_character(line[begin])) ++begin;
  if (begin > 0) excerpt->put("...");
  excerpt->caret = excerpt->size + count_characters(slice(line, begin, place.byte - begin));
  std::size_t end = begin, columns = 0;
  while (end < line.size() && columns < max_columns) {
    std::size_t next = end + 1;
    while (next < line.size() && continues_character(line[next])) ++next;
    if (next - begin > max_excerpt_bytes) break;
    end = next;
    ++columns;
  }
  excerpt->put(slice(line, begin, end - begin));
  if (end < line.size()) excerpt->put("...");
}

}  // namespace

Status Diagnostic::report(Status code, std::uint32_t offset,
                          std::initializer_list<TextPiece> message) const {
  if (error == nullptr) return code;
  const Place place = locate(source, offset);
  Excerpt excerpt;
  cut(place, &excerpt);
  constexpr std::string_view blanks =
      "                                                                                "
      "                                                                                ";
  const Text<240> text(message);
  return error->set(code, where,
                    {place.number, ":", place.column, ": ", text.view(), "\n",
                     std::string_view{excerpt.bytes, excerpt.size}, "\n",
                     slice(blanks, 0, excerpt.caret), "^"});
}

}  // namespace guardrank
