#include "models/lint/pattern_sample.h"

#include <algorithm>
#include <cstdlib>

namespace guardrank::lint {
namespace {

constexpr std::size_t most_bytes = 256;
constexpr int most_depth = 32;

class Sampler {
 public:
  explicit Sampler(std::string_view pattern) : rest_(pattern) {}

  std::string alternatives(int depth) {
    std::string first = sequence(depth);
    while (take('|')) sequence(depth);
    return first;
  }

 private:
  bool take(char c) {
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  std::string sequence(int depth) {
    std::string out;
    while (!rest_.empty() && rest_[0] != '|' && rest_[0] != ')') {
      const std::string one = atom(depth);
      for (std::size_t n = fewest(); n > 0 && out.size() + one.size() <= most_bytes; --n) out += one;
    }
    return out;
  }

  std::string atom(int depth) {
    const char c = rest_[0];
    rest_.remove_prefix(1);
    switch (c) {
      case '^': case '$': return "";
      case '.': return "x";
      case '[': return one_of_class();
      case '(': return group(depth);
      case '\\': return escaped();
      default: return std::string(1, c);
    }
  }

  std::string group(int depth) {
    if (take('?'))   // flags, a name
      while (!rest_.empty() && rest_[0] != ')' && !take(':') && !take('>')) rest_.remove_prefix(1);
    if (depth >= most_depth) rest_ = {};
    std::string out = alternatives(depth + 1);
    take(')');
    return out;
  }

  std::string escaped() {
    if (rest_.empty()) return "";
    const char c = rest_[0];
    rest_.remove_prefix(1);
    switch (c) {
      case 'd': return "5";
      case 'w': return "a";
      case 's': return " ";
      case 'D': case 'W': case 'S': return "-";
      case 'b': case 'B': case 'A': case 'z': return "";
      case 'n': return "\n";
      case 't': return "\t";
      default: return std::string(1, c);
    }
  }

  // The first character; of a negated class one that it does not name.
  std::string one_of_class() {
    const bool is_negated = take('^');
    std::string named;
    while (!rest_.empty() && (named.empty() || rest_[0] != ']')) {
      if (rest_.size() > 2 && rest_[1] == '-' && rest_[2] != ']') {
        for (int c = rest_[0]; c <= rest_[2]; ++c) named += static_cast<char>(c);
        rest_.remove_prefix(3);
      } else if (take('\\')) {
        named += escaped();
      } else {
        named += rest_[0];
        rest_.remove_prefix(1);
      }
    }
    take(']');
    if (!is_negated) return named.substr(0, 1);
    for (const char c : std::string("0 -xX"))
      if (named.find(c) == std::string::npos) return std::string(1, c);
    return "~";
  }

  // Of the quantifier that stands here.
  std::size_t fewest() {
    std::size_t n = 1;
    if (take('*') || take('?')) {
      n = 0;
    } else if (take('{')) {
      n = std::strtoul(std::string(rest_.substr(0, 4)).c_str(), nullptr, 10);
      rest_.remove_prefix(std::min(rest_.find('}'), rest_.size() - 1) + 1);
    } else if (!take('+')) {
      return n;
    }
    take('?');   // as few as can be, as here
    return n;
  }

  std::string_view rest_;
};

}  // namespace

std::string pattern_sample(std::string_view pattern) { return Sampler(pattern).alternatives(0); }

}  // namespace guardrank::lint
