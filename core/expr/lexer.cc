#include "core/expr/lexer.h"
#include "core/base/slice.h"

namespace guardrank {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex_digit(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
bool starts_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool continues_word(char c) { return starts_word(c) || is_digit(c); }

// Texts of these tables stand in place: pointers to them would not compress.
struct Word {
  char text[10];
  TokenKind kind;
};
// CEL keeps these from being names.
constexpr Word words[] = {
    {"true", TokenKind::true_word},        {"false", TokenKind::false_word},
    {"null", TokenKind::null_word},        {"in", TokenKind::in_word},
    {"as", TokenKind::reserved_word},      {"break", TokenKind::reserved_word},
    {"const", TokenKind::reserved_word},   {"continue", TokenKind::reserved_word},
    {"else", TokenKind::reserved_word},    {"for", TokenKind::reserved_word},
    {"function", TokenKind::reserved_word}, {"if", TokenKind::reserved_word},
    {"import", TokenKind::reserved_word},  {"let", TokenKind::reserved_word},
    {"loop", TokenKind::reserved_word},    {"package", TokenKind::reserved_word},
    {"namespace", TokenKind::reserved_word}, {"return", TokenKind::reserved_word},
    {"var", TokenKind::reserved_word},     {"void", TokenKind::reserved_word},
    {"while", TokenKind::reserved_word},
};

struct Symbol {
  char text[3];
  TokenKind kind;
};
// Longer symbols stand before their own beginnings.
constexpr Symbol symbols[] = {
    {"&&", TokenKind::and_and},           {"||", TokenKind::or_or},
    {"==", TokenKind::equal_equal},       {"!=", TokenKind::bang_equal},
    {"<=", TokenKind::less_equal},        {">=", TokenKind::greater_equal},
    {"<", TokenKind::less},               {">", TokenKind::greater},
    {"+", TokenKind::plus},               {"-", TokenKind::minus},
    {"*", TokenKind::star},               {"/", TokenKind::slash},
    {"%", TokenKind::percent},            {"!", TokenKind::bang},
    {"?", TokenKind::question},           {":", TokenKind::colon},
    {".", TokenKind::dot},                {",", TokenKind::comma},
    {"(", TokenKind::open_parenthesis},   {")", TokenKind::close_parenthesis},
    {"[", TokenKind::open_bracket},       {"]", TokenKind::close_bracket},
    {"{", TokenKind::open_brace},         {"}", TokenKind::close_brace},
};

}  // namespace

std::string_view token_kind_text(TokenKind kind) {
  switch (kind) {
    case TokenKind::end: return "the end";
    case TokenKind::identifier:
    case TokenKind::quoted_name: return "a name";
    case TokenKind::integer:
    case TokenKind::unsigned_integer:
    case TokenKind::number: return "a number";
    case TokenKind::string: return "a string";
    case TokenKind::bytes: return "bytes";
    default: break;
  }
  for (const Symbol& symbol : symbols)
    if (symbol.kind == kind) return symbol.text;
  for (const Word& word : words)
    if (word.kind == kind && kind != TokenKind::reserved_word) return word.text;
  return "a reserved word";
}

Token Lexer::take(TokenKind kind, std::size_t bytes) {
  Token token;
  token.kind = kind;
  token.offset = static_cast<std::uint32_t>(position_);
  token.text = slice(source_, position_, bytes);
  position_ += bytes;
  return token;
}

Token Lexer::fail(std::size_t offset, std::string_view problem) {
  problem_ = problem;
  problem_offset_ = static_cast<std::uint32_t>(offset);
  Token token;
  token.kind = TokenKind::bad;
  token.offset = problem_offset_;
  position_ = source_.size();
  return token;
}

void Lexer::skip_blanks() {
  for (;;) {
    const char c = at(0);
    if (position_ < source_.size() && (c == ' ' || c == '\t' || c == '\n' || c == '\r' ||
                                       c == '\f')) {
      ++position_;
    } else if (c == '/' && at(1) == '/') {
      while (position_ < source_.size() && source_[position_] != '\n') ++position_;
    } else {
      return;
    }
  }
}

Token Lexer::number() {
  std::size_t size = 0;
  bool is_number = false;
  if (at(0) == '0' && (at(1) == 'x' || at(1) == 'X')) {
    size = 2;
    while (is_hex_digit(at(size))) ++size;
    if (size == 2) return fail(position_, "0x must be followed by hexadecimal digits");
  } else {
    while (is_digit(at(size))) ++size;
    if (at(size) == '.' && is_digit(at(size + 1))) {
      is_number = true;
      ++size;
      while (is_digit(at(size))) ++size;
    }
    if (at(size) == 'e' || at(size) == 'E') {
      const std::size_t sign = at(size + 1) == '+' || at(size + 1) == '-' ? 1 : 0;
      if (!is_digit(at(size + 1 + sign))) return fail(position_ + size, "an exponent needs digits");
      is_number = true;
      size += 1 + sign;
      while (is_digit(at(size))) ++size;
    }
  }
  const bool is_unsigned = !is_number && (at(size) == 'u' || at(size) == 'U');
  if (continues_word(at(size + (is_unsigned ? 1 : 0))))
    return fail(position_ + size, "a number must end before a letter");
  Token token = take(is_number     ? TokenKind::number
                     : is_unsigned ? TokenKind::unsigned_integer
                                   : TokenKind::integer,
                     size);
  position_ += is_unsigned ? 1 : 0;
  return token;
}

Token Lexer::word() {
  std::size_t size = 1;
  while (continues_word(at(size))) ++size;
  const std::string_view text = slice(source_, position_, size);
  for (const Word& word : words)
    if (text == word.text) return take(word.kind, size);
  return take(TokenKind::identifier, size);
}

Token Lexer::quoted(std::size_t prefix_bytes, bool is_raw, bool is_bytes) {
  const char quote = at(prefix_bytes);
  const bool is_triple = at(prefix_bytes + 1) == quote && at(prefix_bytes + 2) == quote;
  const std::size_t marks = is_triple ? 3 : 1;
  std::size_t size = prefix_bytes + marks;
  for (;;) {
    if (position_ + size >= source_.size()) return fail(position_, "this string is not closed");
    const char c = at(size);
    if (!is_triple && (c == '\n' || c == '\r'))
      return fail(position_, "this string is not closed on its line");
    if (c == '\\' && !is_raw) {
      size += 2;
      continue;
    }
    if (c == quote && (!is_triple || (at(size + 1) == quote && at(size + 2) == quote))) break;
    ++size;
  }
  return take(is_bytes ? TokenKind::bytes : TokenKind::string, size + marks);
}

// A field that is no name as such: .`content-type`.
Token Lexer::quoted_name() {
  constexpr std::string_view others = "_.-/ ";
  std::size_t size = 1;
  while (continues_word(at(size)) || others.find(at(size)) != std::string_view::npos) ++size;
  if (at(size) != '`' || size == 1) return fail(position_, "this quoted name is not closed");
  ++position_;
  const Token token = take(TokenKind::quoted_name, size - 1);
  ++position_;
  return token;
}

Token Lexer::symbol() {
  const std::string_view rest = slice(source_, position_);
  for (const Symbol& symbol : symbols) {
    const std::string_view text = symbol.text;
    if (rest.starts_with(text)) return take(symbol.kind, text.size());
  }
  switch (rest[0]) {
    case '=': return fail(position_, "'=' is no operator here; equality is '=='");
    case '&': return fail(position_, "'&' is no operator here; 'and' is '&&'");
    case '|': return fail(position_, "'|' is no operator here; 'or' is '||'");
    default: return fail(position_, "this character has no meaning here");
  }
}

Token Lexer::next() {
  skip_blanks();
  if (position_ >= source_.size()) return take(TokenKind::end, 0);
  const char c = at(0);
  if (is_digit(c) || (c == '.' && is_digit(at(1)))) return number();
  bool is_raw = false, is_bytes = false;
  std::size_t prefix = 0;
  for (; prefix < 2; ++prefix) {
    const char letter = at(prefix);
    if ((letter == 'r' || letter == 'R') && !is_raw) is_raw = true;
    else if ((letter == 'b' || letter == 'B') && !is_bytes) is_bytes = true;
    else break;
  }
  if (at(prefix) == '\'' || at(prefix) == '"') return quoted(prefix, is_raw, is_bytes);
  if (starts_word(c)) return word();
  if (c == '`') return quoted_name();
  return symbol();
}

}  // namespace guardrank
