#include "core/base/text.h"

#include <algorithm>

#include "core/base/math.h"
#include "core/base/number_text.h"
#include "core/base/utf8.h"

namespace guardrank {

namespace {

std::string_view not_finite_name(double value) {
  if (is_nan(value)) return "NaN";
  return value > 0 ? "Infinity" : "-Infinity";
}

// The text of one piece; `buffer` holds what had to be written.
std::string_view piece_text(const TextPiece& piece, char* buffer) {
  switch (piece.kind) {
    case TextPiece::Kind::integer:
      return {buffer, write_integer(piece.integer, buffer)};
    case TextPiece::Kind::natural:
      return {buffer, write_natural(piece.natural, buffer)};
    case TextPiece::Kind::number:
      if (!is_finite(piece.number)) return not_finite_name(piece.number);
      return {buffer, write_double(piece.number, buffer)};
    case TextPiece::Kind::literal:
      return piece.text;
    case TextPiece::Kind::text:
      break;
  }
  return {piece.text, piece.size};
}

}  // namespace

std::size_t write_pieces(char* out, std::size_t capacity,
                         std::initializer_list<TextPiece> pieces) {
  std::size_t written = 0;
  for (const TextPiece& piece : pieces) {
    char buffer[max_number_text_bytes];
    const std::string_view text = piece_text(piece, buffer);
    const std::size_t fits = utf8_cut(text, capacity - written);
    std::copy_n(text.data(), fits, out + written);
    written += fits;
    if (fits < text.size()) break;
  }
  return written;
}

}  // namespace guardrank
