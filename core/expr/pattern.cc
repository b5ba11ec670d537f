#include "core/expr/pattern.h"

#include "core/expr/characters.h"

namespace guardrank {
namespace {

using Kind = PatternStep::Kind;

bool is_word(std::int32_t c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

constexpr std::int32_t outside = -1;    // before the first and after the last character

bool is_in_pairs(std::span<const std::int32_t> pairs, std::int32_t c) {
  for (std::size_t i = 0; i + 1 < pairs.size(); i += 2)
    if (c >= pairs[i] && c <= pairs[i + 1]) return true;
  return false;
}

// A set of states that remembers in which order they came (Briggs and Torczon 1993).
struct States {
  std::uint16_t* dense = nullptr;
  std::uint16_t* sparse = nullptr;
  std::uint32_t size = 0;

  bool add(std::uint32_t state) {
    const std::uint32_t at = sparse[state];
    if (at < size && dense[at] == state) return false;
    sparse[state] = static_cast<std::uint16_t>(size);
    dense[size++] = static_cast<std::uint16_t>(state);
    return true;
  }
};

class Matcher {
 public:
  Matcher(const Pattern& pattern, std::byte* scratch) : pattern_(pattern) {
    auto* memory = reinterpret_cast<std::uint16_t*>(scratch);
    const std::size_t n = pattern.steps.size();
    __builtin_memset(scratch, 0, pattern_scratch_bytes(pattern));
    now_ = {memory, memory + n, 0};
    next_ = {memory + 2 * n, memory + 3 * n, 0};
    stack_ = memory + 4 * n;
  }

  bool run(std::string_view text) {
    std::int32_t before = outside;
    for (std::size_t at = 0;;) {
      std::size_t after = at;
      const std::int32_t c = at < text.size() ? take_character(text, &after) : outside;
      now_.size = 0;
      // Where the last character led, and a new beginning here.
      for (std::uint32_t i = 0; i < next_.size; ++i) follow(next_.dense[i], before, c);
      follow(0, before, c);
      if (has_matched_) return true;
      if (c == outside) return false;
      next_.size = 0;
      for (std::uint32_t i = 0; i < now_.size; ++i)
        if (takes(pattern_.steps[now_.dense[i]], c)) next_.add(now_.dense[i] + 1u);
      before = c;
      at = after;
    }
  }

 private:
  bool takes(const PatternStep& step, std::int32_t c) const {
    if (takes_exactly(step, c)) return true;
    const std::int32_t other = c ^ 0x20;
    const bool is_letter = (other >= 'A' && other <= 'Z') || (other >= 'a' && other <= 'z');
    return step.ignores_case && is_letter && !step.is_negated && takes_exactly(step, other);
  }
  bool takes_exactly(const PatternStep& step, std::int32_t c) const {
    switch (step.kind) {
      case Kind::range: return c >= step.first && c <= step.last;
      case Kind::set: {
        const auto pairs = pattern_.pairs.subspan(static_cast<std::size_t>(step.first),
                                                  static_cast<std::size_t>(step.last) * 2);
        const std::int32_t other = c ^ 0x20;
        bool is_in = is_in_pairs(pairs, c);
        if (step.is_negated && step.ignores_case && is_word(c) && c > '9' && c != '_')
          is_in = is_in || is_in_pairs(pairs, other);
        return is_in != step.is_negated;
      }
      case Kind::any: return true;
      case Kind::any_but_newline: return c != '\n';
      default: return false;
    }
  }

  static bool holds(Kind kind, std::int32_t before, std::int32_t after) {
    switch (kind) {
      case Kind::begin_text: return before == outside;
      case Kind::end_text: return after == outside;
      case Kind::begin_line: return before == outside || before == '\n';
      case Kind::end_line: return after == outside || after == '\n';
      default: return (is_word(before) != is_word(after)) == (kind == Kind::word_boundary);
    }
  }

  // All states that are reached from `state` without a character.
  void follow(std::uint32_t state, std::int32_t before, std::int32_t after) {
    std::uint32_t n_left = 0;
    stack_[n_left++] = static_cast<std::uint16_t>(state);
    while (n_left > 0) {
      const std::uint32_t at = stack_[--n_left];
      if (!now_.add(at)) continue;
      const PatternStep& step = pattern_.steps[at];
      const auto to = [&](std::int32_t offset) {
        stack_[n_left++] = static_cast<std::uint16_t>(static_cast<std::int32_t>(at) + offset);
      };
      switch (step.kind) {
        case Kind::match: has_matched_ = true; return;
        case Kind::split: to(step.last); to(step.first); break;
        case Kind::jump: to(step.first); break;
        case Kind::range: case Kind::set: case Kind::any: case Kind::any_but_newline: break;
        default:
          if (holds(step.kind, before, after)) to(1);
          break;
      }
    }
  }

  const Pattern& pattern_;
  States now_, next_;
  std::uint16_t* stack_ = nullptr;
  bool has_matched_ = false;
};

}  // namespace

// Two sets of two arrays, and a stack: each state is pushed at most once per state that leads to it,
// of which a split has two.
std::size_t pattern_scratch_bytes(const Pattern& pattern) {
  return (pattern.steps.size() * 6 + 2) * sizeof(std::uint16_t);
}

bool matches_pattern(const Pattern& pattern, std::string_view text, std::byte* scratch) {
  return Matcher(pattern, scratch).run(text);
}

}  // namespace guardrank
