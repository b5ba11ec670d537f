#include "core/artifact/place.h"

namespace guardrank {

void Place::enter(const char* name, std::uint32_t index, std::string_view label) {
  steps_[n_steps_++] = {name, index, label};
}

PlaceText Place::text(const char* member) const {
  PlaceText text;
  for (std::uint32_t i = 0; i < n_steps_; ++i) {
    const Step& step = steps_[i];
    if (*step.name == 0) continue;   // of a member that nothing reads
    text.append({i == 0 ? "" : ".", step.name});
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
