// Text of bounded size, built by appending pieces; used for messages and paths in errors.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <concepts>
#include <initializer_list>
#include <string_view>

namespace guardrank {

// One piece of a message: text, a whole number or a double (shortest form that reads back). Small and
// constant where its value is: messages are a good part of the WebAssembly module.
struct TextPiece {
  enum class Kind : std::uint32_t { text, literal, integer, natural, number };

  constexpr TextPiece(std::string_view value)
      : text(value.data()), size(static_cast<std::uint32_t>(value.size())), kind(Kind::text) {}
  // Ends at its zero byte.
  constexpr TextPiece(const char* value) : text(value), kind(Kind::literal) {}
  template <std::signed_integral Integer>
  constexpr TextPiece(Integer value) : integer(value), kind(Kind::integer) {}
  template <std::unsigned_integral Natural>
  constexpr TextPiece(Natural value) : natural(value), kind(Kind::natural) {}
  constexpr TextPiece(double value) : number(value), kind(Kind::number) {}

  union {
    const char* text;
    std::int64_t integer;
    std::uint64_t natural;
    double number;
  };
  std::uint32_t size = 0;  // of `text`
  Kind kind;
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
