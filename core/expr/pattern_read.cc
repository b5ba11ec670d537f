// RE2's syntax to steps, without what only captures need. A part that is repeated is copied, and the
// step that chooses is put before it, for offsets are relative.
#include "core/base/limits.h"
#include "core/base/slice.h"
#include "core/expr/characters.h"
#include "core/expr/pattern.h"

namespace guardrank {
namespace {

using Kind = PatternStep::Kind;

constexpr std::int32_t last_character = 0x10FFFF;

struct NamedSet {
  std::string_view name;
  std::string_view pairs;    // lowest and highest of each range
};
constexpr NamedSet sets[] = {
    {"d", "09"}, {"s", "\t\n\f\r  "}, {"w", "09AZ__az"},
    {"alnum", "09AZaz"}, {"alpha", "AZaz"}, {"ascii", {"\0\x7f", 2}}, {"blank", "\t\t  "},
    {"cntrl", {"\0\x1f\x7f\x7f", 4}}, {"digit", "09"}, {"graph", "!~"}, {"lower", "az"},
    {"print", " ~"}, {"punct", "!/:@[`{~"}, {"space", "\t\r  "}, {"upper", "AZ"},
    {"word", "09AZ__az"}, {"xdigit", "09AFaf"},
};

const NamedSet* find_set(std::string_view name) {
  for (const NamedSet& set : sets)
    if (set.name == name) return &set;
  return nullptr;
}

int hex_value(std::int32_t c) {
  if (c >= '0' && c <= '9') return c - '0';
  const std::int32_t letter = c | 0x20;
  return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

struct Flags {
  bool ignores_case = false, is_multiline = false, dot_is_any = false;
};

class Reader {
 public:
  Reader(std::string_view text, std::span<PatternStep> steps, std::span<std::int32_t> pairs)
      : text_(text), steps_(steps), pairs_(pairs) {}

  // The problem, or nothing.
  std::string_view read(Pattern* pattern) {
    alternatives(0);
    if (problem_.empty() && !is_at_end()) fail("a ')' without '('");
    add(Kind::match);
    if (problem_.empty())
      *pattern = {steps_.first(n_steps_), pairs_.first(n_pairs_)};
    return problem_;
  }

 private:
  bool is_at_end() const { return at_ >= text_.size(); }
  bool is_next(char c) const { return !is_at_end() && text_[at_] == c; }
  bool take(char c) {
    if (!is_next(c)) return false;
    ++at_;
    return true;
  }
  std::int32_t take_any() {
    if (!is_at_end()) return take_character(text_, &at_);
    fail("the pattern ends too soon");
    return 0;
  }
  void fail(std::string_view problem) {
    if (problem_.empty()) problem_ = problem;
    at_ = text_.size();
  }

  void add(const PatternStep& step) {
    if (n_steps_ == steps_.size()) return fail("the pattern is too large");
    steps_[n_steps_++] = step;
  }
  void add(Kind kind) { add(PatternStep{kind}); }
  // Makes room for one step before what stands from `at` on.
  void insert(std::uint32_t at, const PatternStep& step) {
    add(step);
    if (!problem_.empty()) return;
    for (std::uint32_t i = n_steps_ - 1; i > at; --i) steps_[i] = steps_[i - 1];
    steps_[at] = step;
  }
  void add_pair(std::int32_t first, std::int32_t last) {
    if (first > last) return;
    if (n_pairs_ + 2 > pairs_.size()) return fail("the pattern is too large");
    pairs_[n_pairs_++] = first;
    pairs_[n_pairs_++] = last;
  }
  std::int32_t size_from(std::uint32_t at) const { return static_cast<std::int32_t>(n_steps_ - at); }

  // Each but the last: a choice before it, and behind it a jump over the others.
  void alternatives(std::uint32_t depth) {
    if (depth > limits::pattern_depth) return fail("the pattern is nested too deep");
    constexpr std::int32_t none = -1;
    std::int32_t jump = none;    // the last one; each holds the one before until all are known
    for (;;) {
      const std::uint32_t begin = n_steps_;
      sequence(depth);
      if (!take('|')) break;
      insert(begin, {Kind::split, false, false, 1, size_from(begin) + 2});
      add({Kind::jump, false, false, jump});
      jump = static_cast<std::int32_t>(n_steps_) - 1;
    }
    while (jump != none && problem_.empty()) {
      PatternStep& step = steps_[static_cast<std::size_t>(jump)];
      const std::int32_t before = step.first;
      step.first = static_cast<std::int32_t>(n_steps_) - jump;
      jump = before;
    }
  }

  void sequence(std::uint32_t depth) {
    while (!is_at_end() && !is_next('|') && !is_next(')')) {
      const std::uint32_t begin = n_steps_;
      if (atom(depth)) repeat(begin);
    }
  }

  void repeat(std::uint32_t begin) {
    std::uint32_t least = 1, most = 1;
    if (take('*')) least = 0, most = UINT32_MAX;
    else if (take('+')) most = UINT32_MAX;
    else if (take('?')) least = 0;
    else if (!take_counts(&least, &most)) return;
    (void)take('?');   // which match is found first does not matter
    if (is_next('*') || is_next('+') || is_next('?')) return fail("a repetition of a repetition");
    if (least > limits::pattern_repeat || (most > limits::pattern_repeat && most != UINT32_MAX))
      return fail("repeated too often");
    if (least > most) return fail("a repetition from more to less");
    repeat(begin, least, most);
  }

  // The part from `begin` on, `least` to `most` times.
  void repeat(std::uint32_t begin, std::uint32_t least, std::uint32_t most) {
    const std::uint32_t n = n_steps_ - begin;
    const std::int32_t size = static_cast<std::int32_t>(n);
    if (least == 0) {
      if (most == 0) {
        n_steps_ = begin;
        return;
      }
      insert(begin, {Kind::split, false, false, 1, size + (most == UINT32_MAX ? 2 : 1)});
      if (most == UINT32_MAX) return add({Kind::jump, false, false, -(size + 1)});
      for (std::uint32_t i = 1; i < most; ++i) copy(begin, n + 1);
      return;
    }
    for (std::uint32_t i = 1; i < least; ++i) copy(begin, n);
    if (most == UINT32_MAX) return add({Kind::split, false, false, -size, 1});
    for (std::uint32_t i = least; i < most; ++i) {
      add({Kind::split, false, false, 1, size + 1});
      copy(begin, n);
    }
  }
  void copy(std::uint32_t begin, std::uint32_t n) {
    for (std::uint32_t i = 0; i < n && problem_.empty(); ++i) add(steps_[begin + i]);
  }

  // "{2}", "{2,}", "{2,5}"; anything else after a brace is no repetition.
  bool take_counts(std::uint32_t* least, std::uint32_t* most) {
    const std::size_t begin = at_;
    if (take('{') && take_count(least)) {
      *most = *least;
      if (take(',') && !take_count(most)) *most = UINT32_MAX;
      if (take('}')) return true;
    }
    at_ = begin;
    return false;
  }
  bool take_count(std::uint32_t* count) {
    const std::size_t begin = at_;
    *count = 0;
    for (; !is_at_end() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_)
      if (*count <= limits::pattern_repeat)
        *count = *count * 10 + static_cast<std::uint32_t>(text_[at_] - '0');
    return at_ > begin;
  }

  void character(std::int32_t c) { add({Kind::range, false, flags_.ignores_case, c, c}); }

  // False where nothing was added that could be repeated.
  bool atom(std::uint32_t depth) {
    const std::int32_t c = take_any();
    switch (c) {
      case '(': return group(depth);
      case '[': return bracket(), true;
      case '.': return add(flags_.dot_is_any ? Kind::any : Kind::any_but_newline), true;
      case '^': return add(flags_.is_multiline ? Kind::begin_line : Kind::begin_text), true;
      case '$': return add(flags_.is_multiline ? Kind::end_line : Kind::end_text), true;
      case '*': case '+': case '?': return fail("nothing to repeat"), false;
      case '\\': return escape();
      default: return character(c), true;
    }
  }

  bool group(std::uint32_t depth) {
    const Flags kept = flags_;
    if (take('?')) {
      if (take('P') || is_next('<')) {
        if (!take('<')) return fail("an unknown kind of group"), false;
        while (!is_at_end() && !is_next('>')) ++at_;
        if (!take('>')) return fail("a group's name is not closed"), false;
      } else if (!take_flags()) {
        return false;   // they hold for what follows, not for a group of their own
      }
    }
    alternatives(depth + 1);
    flags_ = kept;
    if (!take(')')) fail("a '(' is not closed");
    return true;
  }

  // "i", "-s", "im-s", then ":" for a group (true) or ")" for the rest of this one.
  bool take_flags() {
    for (bool is_set = true;;) {
      switch (take_any()) {
        case 'i': flags_.ignores_case = is_set; break;
        case 'm': flags_.is_multiline = is_set; break;
        case 's': flags_.dot_is_any = is_set; break;
        case 'U': break;
        case '-': is_set = false; break;
        case ')': return false;
        case ':': return true;
        default: return fail("an unknown flag"), false;
      }
    }
  }

  void add_set(const NamedSet& set, bool is_negated) {
    std::int32_t from = 0;
    for (std::size_t i = 0; i + 1 < set.pairs.size(); i += 2) {
      const std::int32_t first = set.pairs[i], last = set.pairs[i + 1];
      if (is_negated) add_pair(from, first - 1);
      else add_pair(first, last);
      from = last + 1;
    }
    if (is_negated) add_pair(from, last_character);
  }

  void finish_set(std::uint32_t begin, bool is_negated) {
    add({Kind::set, is_negated, flags_.ignores_case, static_cast<std::int32_t>(begin),
         static_cast<std::int32_t>((n_pairs_ - begin) / 2)});
  }

  // "\d" and the like, by their letter; capitals are everything else.
  bool take_letter_set(std::int32_t c) {
    const char lower = static_cast<char>(c | 0x20);
    if (c > 'z' || (lower != 'd' && lower != 's' && lower != 'w')) return false;
    add_set(*find_set({&lower, 1}), (c & 0x20) == 0);
    return true;
  }

  bool escape() {
    const std::int32_t c = take_any();
    const std::uint32_t begin = n_pairs_;
    if (take_letter_set(c)) return finish_set(begin, false), true;
    switch (c) {
      case 'A': return add(Kind::begin_text), true;
      case 'z': return add(Kind::end_text), true;
      case 'b': return add(Kind::word_boundary), true;
      case 'B': return add(Kind::no_word_boundary), true;
      case 'Q': return quoted(), false;
      default: return character(escaped(c)), true;
    }
  }

  // Up to "\E" every character stands for itself.
  void quoted() {
    while (!is_at_end() && slice(text_, at_, 2) != "\\E") character(take_any());
    if (!is_at_end()) at_ += 2;
  }

  // The character that a backslash and `c` stand for.
  std::int32_t escaped(std::int32_t c) {
    constexpr std::string_view letters = "afnrtv", values = "\a\f\n\r\t\v";
    if (c == 'x') return hexadecimal();
    const auto is_octal = [&] { return !is_at_end() && text_[at_] >= '0' && text_[at_] <= '7'; };
    if (c == '0' || (c > '0' && c <= '7' && is_octal())) {
      std::int32_t code = c - '0';
      for (int i = 0; i < 2 && is_octal(); ++i) code = code * 8 + (text_[at_++] - '0');
      return code;
    }
    for (std::size_t i = 0; i < letters.size(); ++i)
      if (letters[i] == c) return values[i];
    const std::int32_t lower = c | 0x20;
    if ((c >= '0' && c <= '9') || (lower >= 'a' && lower <= 'z'))
      fail("an unknown escape; back-references and Unicode classes are not part of this language");
    return c;
  }
  std::int32_t hexadecimal() {
    const bool has_brace = take('{');
    std::int32_t code = 0;
    int n = 0;
    for (; !is_at_end() && hex_value(text_[at_]) >= 0 && (has_brace ? n < 8 : n < 2); ++n)
      code = code > last_character ? code : code * 16 + hex_value(text_[at_++]);
    if (n == 0 || (!has_brace && n != 2) || (has_brace && !take('}')) || code > last_character)
      fail("\\x takes two digits, or \\x{10FFFF}");
    return code;
  }

  void bracket() {
    const std::uint32_t begin = n_pairs_;
    const bool is_negated = take('^');
    for (bool is_first = true; is_first || !is_next(']'); is_first = false) {
      if (is_at_end()) return fail("a '[' is not closed");
      if (slice(text_, at_, 2) == "[:") {
        named_set();
        continue;
      }
      std::int32_t first = take_any();
      if (first == '\\') {
        const std::int32_t letter = take_any();
        if (take_letter_set(letter)) continue;
        first = escaped(letter);
      }
      std::int32_t last = first;
      if (is_next('-') && at_ + 1 < text_.size() && text_[at_ + 1] != ']') {
        ++at_;
        last = take_any();
        if (last == '\\') last = escaped(take_any());
        if (last < first) return fail("a range from high to low");
      }
      add_pair(first, last);
    }
    ++at_;
    finish_set(begin, is_negated);
  }

  // "[:alpha:]", "[:^alpha:]".
  void named_set() {
    const std::size_t end = text_.find(":]", at_ + 2);
    if (end == std::string_view::npos) return fail("a '[:' is not closed");
    std::string_view name = slice(text_, at_ + 2, end - at_ - 2);
    const bool is_negated = !name.empty() && name[0] == '^';
    if (is_negated) name = slice(name, 1);
    const NamedSet* set = find_set(name);
    if (set == nullptr || name.size() == 1) return fail("an unknown class of characters");
    add_set(*set, is_negated);
    at_ = end + 2;
  }

  std::string_view text_;
  std::span<PatternStep> steps_;
  std::span<std::int32_t> pairs_;
  std::size_t at_ = 0;
  std::uint32_t n_steps_ = 0, n_pairs_ = 0;
  Flags flags_;
  std::string_view problem_;
};

}  // namespace

// A character makes at most three steps, without counted repetition; a class at most five ranges
// for its two characters.
PatternRoom pattern_room(std::string_view text) {
  text = slice(text, 0, limits::pattern_bytes);
  const std::size_t most = limits::pattern_states;
  const std::size_t n_steps = 3 * text.size() + 2;
  const bool is_counted = text.find('{') != std::string_view::npos;
  return {is_counted || n_steps > most ? most : n_steps, 8 * text.size() + 16};
}

std::string_view read_pattern(std::string_view text, std::span<PatternStep> steps,
                              std::span<std::int32_t> pairs, Pattern* pattern) {
  if (text.size() > limits::pattern_bytes) return "the pattern is too long";
  return Reader(text, steps, pairs).read(pattern);
}

}  // namespace guardrank
