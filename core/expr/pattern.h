// Regular expressions of RE2's syntax, matched in time linear in the text: every state that the
// pattern may be in is carried along at once (Thompson 1968, Pike's sets of states).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace guardrank {

// One step of the automaton; offsets are relative to the step itself.
struct PatternStep {
  enum class Kind : std::uint8_t {
    range, set, any, any_but_newline, split, jump,
    begin_text, end_text, begin_line, end_line, word_boundary, no_word_boundary, match,
  };
  Kind kind = Kind::match;
  bool is_negated = false;      // set
  bool ignores_case = false;    // of ASCII letters; range, set
  std::int32_t first = 0;       // range: lowest; set: where its pairs begin; split, jump: offset
  std::int32_t last = 0;        // range: highest; set: pairs; split: the other offset
};

struct Pattern {
  std::span<const PatternStep> steps;
  std::span<const std::int32_t> pairs;    // lowest and highest character of each range of the sets
};

// What reading a text needs at most.
struct PatternRoom {
  std::size_t n_steps = 0, n_pairs = 0;
};
PatternRoom pattern_room(std::string_view text);
// What is wrong with the text; empty when nothing is.
std::string_view read_pattern(std::string_view text, std::span<PatternStep> steps,
                              std::span<std::int32_t> pairs, Pattern* pattern);

// Bytes that matching needs, aligned for uint16.
std::size_t pattern_scratch_bytes(const Pattern& pattern);
// Whether some part of the UTF-8 text matches.
bool matches_pattern(const Pattern& pattern, std::string_view text, std::byte* scratch);

}  // namespace guardrank
