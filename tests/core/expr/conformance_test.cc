// CEL's public conformance cases (google/cel-spec, tests/simple/testdata), where they are present:
// the folder GUARDRANK_SHARED, else ../shared beside the checkout. Cases that need what this
// language does not have are counted and left out by their text; every other case must agree.
#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "tests/core/expr/world.h"

namespace guardrank::testing {
namespace {

// Beside the checkout.
std::string shared_folder() {
  if (const char* given = std::getenv("GUARDRANK_SHARED")) return given;
  return GUARDRANK_SOURCE_DIR "/../shared";
}

// As much of protobuf's text format as the case files use: fields with a scalar or a message.
struct Message {
  std::vector<std::pair<std::string, std::string>> scalars;
  std::vector<std::string> message_names;   // by message
  std::vector<Message> messages;

  const std::string* scalar(std::string_view name) const {
    for (const auto& [key, value] : scalars)
      if (key == name) return &value;
    return nullptr;
  }
  const Message* message(std::string_view name) const {
    for (std::size_t i = 0; i < messages.size(); ++i)
      if (message_names[i] == name) return &messages[i];
    return nullptr;
  }
};

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
    if (letter != 'u' && letter != 'U') {
      *value += static_cast<char>(number);
    } else if (number < 0x800) {
      if (number >= 0x80) *value += static_cast<char>(0xC0 | (number >> 6));
      *value += static_cast<char>(number < 0x80 ? number : 0x80 | (number & 0x3F));
    } else {
      if (number >= 0x10000) *value += static_cast<char>(0xF0 | (number >> 18));
      if (number >= 0x10000) *value += static_cast<char>(0x80 | ((number >> 12) & 0x3F));
      else *value += static_cast<char>(0xE0 | (number >> 12));
      *value += static_cast<char>(0x80 | ((number >> 6) & 0x3F));
      *value += static_cast<char>(0x80 | (number & 0x3F));
    }
  }

  std::string text_;
  std::size_t at_ = 0;
};

// `dyn(x)` only tells CEL's checker to allow what is allowed here anyway.
std::string without_dyn(std::string expr) {
  for (std::size_t at = expr.find("dyn("); at != std::string::npos; at = expr.find("dyn("))
    expr.erase(at, 3);
  return expr;
}

// Missing from the present language, judged by what the compiler says is missing.
bool is_out_of_scope(std::string_view message) {
  for (const std::string_view sign :
       {"no function is called", "not part of this language", "unknown name",
        "a list may only stand",
        "an element of a list cannot be", "has(...) takes one fact", "has no field",
        "a list holds one type", "and null;", "'+' does not take string and string",
        "wanted a value, found '.'"})
    if (message.find(sign) != std::string_view::npos) return true;
  return false;
}

bool expected_text(const Message& value, ExprType* type, std::string* text) {
  struct Kind {
    std::string_view field;
    ExprType type;
  };
  for (const Kind kind : {Kind{"bool_value", ExprType::boolean}, {"int64_value", ExprType::integer},
                          {"uint64_value", ExprType::unsigned_integer},
                          {"double_value", ExprType::number}, {"string_value", ExprType::string}}) {
    const std::string* found = value.scalar(kind.field);
    if (found == nullptr) continue;
    *type = kind.type;
    *text = *found;
    if (kind.type == ExprType::unsigned_integer) *text += "u";
    if (kind.type == ExprType::string) *text = "'" + *found + "'";
    if (kind.type == ExprType::number) {
      char digits[64];
      std::snprintf(digits, sizeof digits, "%.17g", std::strtod(found->c_str(), nullptr));
      *text = digits;
    }
    return true;
  }
  return false;
}

struct Tally {
  int agreed = 0, left_out = 0;
};

// An error that evaluation or the checker must find.
void run_error_case(World* world, const std::string& expr, Tally* tally) {
  for (const ExprType type : {ExprType::boolean, ExprType::integer, ExprType::unsigned_integer,
                              ExprType::number, ExprType::string}) {
    const std::string result = world->eval(expr, type);
    if (is_out_of_scope(result)) return void(++tally->left_out);
    if (result.find("wanted an expression of type") != std::string::npos) continue;
    const bool is_error = result == "zero" || result == "overflow" || result.find("rules.r") == 0;
    CHECK_MESSAGE(is_error, expr, " gave ", result);
    return void(++tally->agreed);
  }
  CHECK_MESSAGE(false, expr, " has no type");
}

void run_case(World* world, const Message& test, Tally* tally) {
  const std::string expr = without_dyn(*test.scalar("expr"));
  if (test.message("type_env") != nullptr || test.message("bindings") != nullptr ||
      test.scalar("disable_check") != nullptr)
    return void(++tally->left_out);
  if (test.message("eval_error") != nullptr) return run_error_case(world, expr, tally);
  ExprType type{};
  std::string expected;
  const Message* value = test.message("value");
  if (value == nullptr || !expected_text(*value, &type, &expected))
    return void(++tally->left_out);
  const std::string result = world->eval(expr, type);
  if (is_out_of_scope(result)) return void(++tally->left_out);
  CHECK_MESSAGE(result == expected, expr, " gave ", result);
  ++tally->agreed;
}

TEST_CASE("CEL's conformance cases within the present language") {
  const std::string folder = shared_folder() + "/conformance/cel/";
  World world;
  world.candidates(1);
  world.open();
  Tally tally;
  for (const std::string name : {"basic", "comparisons", "fp_math", "integer_math", "lists",
                                 "logic", "parse"}) {
    std::ifstream file(folder + name + ".textproto");
    if (!file) {
      MESSAGE("not run: no conformance cases in ", folder);
      return;
    }
    std::stringstream text;
    text << file.rdbuf();
    const Message cases = TextFormat(text.str()).read();
    for (const Message& section : cases.messages)
      for (std::size_t i = 0; i < section.messages.size(); ++i)
        if (section.message_names[i] == "test") run_case(&world, section.messages[i], &tally);
  }
  MESSAGE(tally.agreed, " cases agree, ", tally.left_out, " need what is not there yet");
  CHECK(tally.agreed > 300);
}

}  // namespace
}  // namespace guardrank::testing
