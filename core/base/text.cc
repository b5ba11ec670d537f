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

template <typename Number>
Number read(const TextPiece& piece) {
  Number value;
  __builtin_memcpy(&value, piece.bytes, sizeof value);
  return value;
}

// The text of one piece; `buffer` holds what had to be written.
std::string_view piece_text(const TextPiece& piece, char* buffer) {
  const char* text = static_cast<const char*>(piece.bytes);
  switch (piece.size) {
    case TextPiece::u8: return {buffer, write_natural(read<std::uint8_t>(piece), buffer)};
    case TextPiece::u32: return {buffer, write_natural(read<std::uint32_t>(piece), buffer)};
    case TextPiece::i32: return {buffer, write_integer(read<std::int32_t>(piece), buffer)};
    case TextPiece::u64: return {buffer, write_natural(read<std::uint64_t>(piece), buffer)};
    case TextPiece::i64: return {buffer, write_integer(read<std::int64_t>(piece), buffer)};
    case TextPiece::number:
      if (!is_finite(read<double>(piece))) return not_finite_name(read<double>(piece));
      return {buffer, write_double(read<double>(piece), buffer)};
    case TextPiece::literal: return text;
    default: return {text, piece.size};
  }
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
