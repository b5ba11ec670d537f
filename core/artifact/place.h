// Where in an artifact a value stands, for messages: steps, written out only when something is
// wrong.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "core/base/limits.h"
#include "core/base/status.h"
#include "core/base/text.h"

namespace guardrank {

// From the name of one step to the next of a list.
constexpr const char* next_name(const char* name) {
  while (*name != 0) ++name;
  return name + 1;
}

using PlaceText = Text<Error::max_part_bytes>;

class Place {
 public:
  static constexpr std::uint32_t no_index = UINT32_MAX;

  // One step: "root", ".fields[3]", ".fields[income]" once the name is known, ".scale".
  struct Step {
    const char* names = nullptr;  // the step's is number `ordinal` of these, each with its zero byte
    std::uint32_t ordinal = 0;
    std::uint32_t index = no_index;
    std::string_view label{};   // shown in place of the index; valid UTF-8
  };

  // One step further in. Out of line, as the readers make many: it keeps the module small.
  void enter(const char* names, std::uint32_t index = no_index, std::string_view label = {});
  void leave() { --n_steps_; }
  Step& last() { return steps_[n_steps_ - 1]; }
  // Shows `label` at the step before the last.
  void label(std::string_view label) { steps_[n_steps_ - 2].label = label; }

  // "root.fields[income].scale", with `member` (may be null) as a last step.
  PlaceText text(const char* member) const;

 private:
  std::array<Step, limits::flatbuffer_depth> steps_{};
  std::uint32_t n_steps_ = 0;
};

}  // namespace guardrank
