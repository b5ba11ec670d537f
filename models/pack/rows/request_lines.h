// Requests as JSON lines, some with labels beside what a ranking takes.
#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

#include "core/base/json.h"
#include "models/pack/memory.h"

namespace guardrank::pack {

// Calls `visit` with each line that is not blank and its number, from 1. A PackError that it throws
// goes on with "line N" before its place.
using VisitRequestLine = std::function<void(std::string_view line, std::size_t number)>;
void for_each_request_line(std::string_view text, const VisitRequestLine& visit);

// A line taken apart; `request` is the JSON without its member "labels", which is null where there
// is none. Lives in `memory` and the line. Status::type when the line is no object.
struct LabelledRequest {
  const JsonValue* labels = nullptr;
  std::string_view request;
};
LabelledRequest take_labels(std::string_view line, Memory* memory);

}  // namespace guardrank::pack
