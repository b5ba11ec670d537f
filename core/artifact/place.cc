#include "core/artifact/place.h"

namespace guardrank {

void Place::enter(const char* names, std::uint32_t index, std::string_view label) {
  steps_[n_steps_++] = {names, 0, index, label};
}

PlaceText Place::text(const char* member) const {
  PlaceText text;
  for (std::uint32_t i = 0; i < n_steps_; ++i) {
    const Step& step = steps_[i];
    const char* name = step.names;
    for (std::uint32_t n = 0; n < step.ordinal; ++n) name = next_name(name);
    if (*name == 0) continue;   // of a member that nothing reads
    text.append({i == 0 ? "" : ".", name});
    if (!step.label.empty()) {
      text.append({"[", step.label, "]"});
    } else if (step.index != no_index) {
      text.append({"[", step.index, "]"});
    }
  }
  if (member != nullptr) text.append({".", member});
  return text;
}

}  // namespace guardrank
