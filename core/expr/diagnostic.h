// Messages about a source text: line, column, the line itself and a caret under the place.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "core/base/status.h"

namespace guardrank {

// One expression's source and where complaints about it go.
struct Diagnostic {
  std::string_view source;
  std::string_view where;      // the rule or term, for people
  Error* error = nullptr;      // may be null

  // "where: 1:9: message", a line break, the source line (at most 72 columns of it), a line break
  // and a caret. Columns count characters from 1. The source must be valid UTF-8. Returns `code`.
  Status report(Status code, std::uint32_t offset, std::initializer_list<TextPiece> message) const;
};

// A name for a message, cut when someone wrote a very long one.
inline std::string_view clipped(std::string_view name) { return name.substr(0, 48); }

}  // namespace guardrank
