// Where in an artifact a value stands, for messages: a chain on the stack, written out only when
// something is wrong.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/base/status.h"
#include "core/base/text.h"

namespace guardrank {

using PlaceText = Text<Error::max_part_bytes>;

// One step of a path: "root", ".fields[3]", ".fields[income]" once the name is known, ".scale".
class Place {
 public:
  static constexpr std::uint32_t no_index = UINT32_MAX;

  // Out of line, as the readers make hundreds of them: it keeps the module small.
  explicit Place(const char* name);
  Place(const Place& outer, const char* name);
  Place(const Place& outer, const char* name, std::uint32_t index);

  void set_index(std::uint32_t index) { index_ = index; }
  // Shows `label` in place of the index; it must be valid UTF-8 and outlive the place.
  void set_label(std::string_view label) { label_ = label; }

  PlaceText text() const;

 private:
  void append_to(PlaceText* text) const;

  const Place* outer_ = nullptr;
  const char* name_;
  std::uint32_t index_ = no_index;
  std::string_view label_;
};

}  // namespace guardrank
