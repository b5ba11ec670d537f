// Text of bounded size, built by appending pieces; used for messages and paths in errors.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <concepts>
#include <initializer_list>
#include <string_view>

namespace guardrank {

// One piece of a message: text, a whole number or a double (shortest form that reads back).
struct TextPiece {
  enum class Kind : std::uint8_t { text, integer, natural, number };

  TextPiece(std::string_view value) : text(value) {}
  TextPiece(const char* value) : text(value) {}
  template <std::signed_integral Integer>
  TextPiece(Integer value) : kind(Kind::integer), integer(value) {}
  template <std::unsigned_integral Natural>
  TextPiece(Natural value) : kind(Kind::natural), natural(value) {}
  TextPiece(double value) : kind(Kind::number), number(value) {}

  Kind kind = Kind::text;
  std::string_view text;
  std::int64_t integer = 0;
  std::uint64_t natural = 0;
  double number = 0;
};

// Writes the pieces to `out`, cutting at a whole UTF-8 character; returns the bytes written.
std::size_t write_pieces(char* out, std::size_t capacity,
                         std::initializer_list<TextPiece> pieces);

template <std::size_t Capacity>
class Text {
 public:
  Text() = default;
  Text(std::initializer_list<TextPiece> pieces) { assign(pieces); }

  void assign(std::initializer_list<TextPiece> pieces) {
    size_ = write_pieces(bytes_.data(), Capacity, pieces);
  }
  void append(std::initializer_list<TextPiece> pieces) {
    size_ += write_pieces(bytes_.data() + size_, Capacity - size_, pieces);
  }
  void clear() { size_ = 0; }
  std::string_view view() const { return {bytes_.data(), size_}; }
  operator std::string_view() const { return view(); }

 private:
  std::size_t size_ = 0;
  std::array<char, Capacity> bytes_{};
};

}  // namespace guardrank
