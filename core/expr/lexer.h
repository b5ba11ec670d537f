// Source text to tokens, by the lexical rules of CEL (language definition, "Syntax").
#pragma once

#include <cstdint>
#include <string_view>

namespace guardrank {

enum class TokenKind : std::uint8_t {
  end, bad,
  identifier, quoted_name, integer, unsigned_integer, number, string, bytes,
  true_word, false_word, null_word, in_word, reserved_word,
  plus, minus, star, slash, percent, bang, and_and, or_or,
  equal_equal, bang_equal, less, less_equal, greater, greater_equal,
  question, colon, dot, comma,
  open_parenthesis, close_parenthesis, open_bracket, close_bracket, open_brace, close_brace,
};

struct Token {
  TokenKind kind = TokenKind::end;
  std::uint32_t offset = 0;
  std::string_view text;        // as written; a number without its u, a `name` without its marks
};

// Reads `source` token by token; skips blanks and // comments.
class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(source) {}

  // After TokenKind::bad, `problem` says why and `problem_offset` where.
  Token next();
  std::string_view problem() const { return problem_; }
  std::uint32_t problem_offset() const { return problem_offset_; }

 private:
  char at(std::size_t ahead) const {
    return position_ + ahead < source_.size() ? source_[position_ + ahead] : '\0';
  }
  void skip_blanks();
  Token number();
  Token word();
  Token quoted_name();
  Token quoted(std::size_t prefix_bytes, bool is_raw, bool is_bytes);
  Token symbol();
  Token take(TokenKind kind, std::size_t bytes);
  Token fail(std::size_t offset, std::string_view problem);

  std::string_view source_;
  std::size_t position_ = 0;
  std::string_view problem_;
  std::uint32_t problem_offset_ = 0;
};

// "'&&'", "a name", "the end" for messages.
std::string_view token_kind_text(TokenKind kind);

}  // namespace guardrank
