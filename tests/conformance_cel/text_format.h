// Protobuf's text format, as much of it as CEL's case files use: written for these tests.
#pragma once

#include <algorithm>
#include <cctype>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace guardrank::testing {

// Fields with a scalar or a message, each kind in its order.
struct Message {
  std::vector<std::pair<std::string, std::string>> scalars;
  std::vector<std::string> message_names;   // by message
  std::vector<Message> messages;

  const std::string* scalar(std::string_view name) const {
    for (const auto& [key, value] : scalars)
      if (key == name) return &value;
    return nullptr;
  }
  // The first of that name, or null.
  const Message* message(std::string_view name) const {
    for (std::size_t i = 0; i < messages.size(); ++i)
      if (message_names[i] == name) return &messages[i];
    return nullptr;
  }
};

inline void append_utf8(unsigned long number, std::string* value) {
  if (number < 0x800) {
    if (number >= 0x80) *value += static_cast<char>(0xC0 | (number >> 6));
    *value += static_cast<char>(number < 0x80 ? number : 0x80 | (number & 0x3F));
    return;
  }
  if (number >= 0x10000) *value += static_cast<char>(0xF0 | (number >> 18));
  if (number >= 0x10000) *value += static_cast<char>(0x80 | ((number >> 12) & 0x3F));
  else *value += static_cast<char>(0xE0 | (number >> 12));
  *value += static_cast<char>(0x80 | ((number >> 6) & 0x3F));
  *value += static_cast<char>(0x80 | (number & 0x3F));
}

class TextFormat {
 public:
  explicit TextFormat(std::string text) : text_(std::move(text)) {}

  Message read() {
    Message message;
    for (skip(); at_ < text_.size() && text_[at_] != '}'; skip()) {
      const std::string name = word();
      skip();
      if (text_[at_] == ':') ++at_;
      skip();
      if (text_[at_] == '{') {
        ++at_;
        message.message_names.push_back(name);
        message.messages.push_back(read());
        skip();
        ++at_;   // the closing brace
      } else {
        message.scalars.emplace_back(name, scalar());
      }
    }
    return message;
  }

 private:
  static bool is_blank(char c) {
    return c == ',' || std::isspace(static_cast<unsigned char>(c)) != 0;
  }
  void skip() {
    for (; at_ < text_.size(); ++at_) {
      if (text_[at_] == '#') at_ = std::min(text_.find('\n', at_), text_.size() - 1);
      else if (!is_blank(text_[at_])) return;
    }
  }
  std::string word() {
    const std::size_t begin = at_;
    constexpr std::string_view ends = ":{}, \n\t#\r";
    while (at_ < text_.size() && ends.find(text_[at_]) == std::string_view::npos)
      ++at_;
    return text_.substr(begin, at_ - begin);
  }
  std::string scalar() {
    if (text_[at_] == '[') {   // a list: never part of a case that is used
      at_ = text_.find(']', at_) + 1;
      return {};
    }
    if (text_[at_] != '"' && text_[at_] != '\'') return word();
    std::string value;
    for (; at_ < text_.size() && (text_[at_] == '"' || text_[at_] == '\''); skip()) quoted(&value);
    return value;
  }
  void quoted(std::string* value) {
    const char quote = text_[at_++];
    while (text_[at_] != quote) {
      if (text_[at_] != '\\') {
        *value += text_[at_++];
        continue;
      }
      const char letter = text_[++at_];
      const std::size_t position = std::string_view("abfnrtv").find(letter);
      if (position != std::string_view::npos) {
        *value += "\a\b\f\n\r\t\v"[position];
        ++at_;
      } else if (letter == 'x' || letter == 'u' || letter == 'U' ||
                 std::isdigit(static_cast<unsigned char>(letter)) != 0) {
        coded(letter, value);
      } else {
        *value += letter;
        ++at_;
      }
    }
    ++at_;
  }
  void coded(char letter, std::string* value) {
    const bool is_octal = std::isdigit(static_cast<unsigned char>(letter)) != 0;
    const std::size_t digits = is_octal ? 3 : letter == 'x' ? 2 : letter == 'u' ? 4 : 8;
    const std::string code = text_.substr(at_ + (is_octal ? 0 : 1), digits);
    const unsigned long number = std::stoul(code, nullptr, is_octal ? 8 : 16);
    at_ += digits + (is_octal ? 0 : 1);
    if (letter != 'u' && letter != 'U') *value += static_cast<char>(number);
    else append_utf8(number, value);
  }

  std::string text_;
  std::size_t at_ = 0;
};

}  // namespace guardrank::testing
