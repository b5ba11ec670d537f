// Text of bounded size, built by appending pieces; used for messages and paths in errors.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <concepts>
#include <initializer_list>
#include <string_view>
#include <type_traits>

namespace guardrank {

// One piece of a message: text, a whole number or a double (shortest form that reads back). It refers
// to its value, so it must not outlive the expression that makes it; two words, one constant where the
// text is: messages are a good part of the WebAssembly module.
struct TextPiece {
  // What `bytes` are, told by sizes that no text has.
  enum Kind : std::size_t { u8 = SIZE_MAX - 6, u32, i32, u64, i64, number, literal };

  constexpr TextPiece(std::string_view value) : bytes(value.data()), size(value.size()) {}
  // Ends at its zero byte.
  constexpr TextPiece(const char* value) : bytes(value), size(literal) {}
  template <typename Number> requires std::is_arithmetic_v<Number>
  constexpr TextPiece(const Number& value) : bytes(&value), size(kind_of<Number>()) {}

  template <typename Number>
  static constexpr Kind kind_of() {
    if constexpr (std::floating_point<Number>) {
      static_assert(std::same_as<Number, double>);
      return number;
    } else if constexpr (sizeof(Number) == 1) {
      static_assert(std::unsigned_integral<Number>);
      return u8;
    } else {
      static_assert(sizeof(Number) == 4 || sizeof(Number) == 8);
      if constexpr (std::signed_integral<Number>) return sizeof(Number) == 4 ? i32 : i64;
      return sizeof(Number) == 4 ? u32 : u64;
    }
  }

  const void* bytes;
  std::size_t size;   // of the text, or a Kind
};

// Writes the pieces to `out`, cutting at a whole UTF-8 character; returns the bytes written.
std::size_t write_pieces(char* out, std::size_t capacity,
                         std::initializer_list<TextPiece> pieces);

template <std::size_t Capacity>
class Text {
 public:
  Text() {}
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
  std::array<char, Capacity> bytes_;   // beyond `size_`: anything
};

}  // namespace guardrank
