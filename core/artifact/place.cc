#include "core/artifact/place.h"

namespace guardrank {

Place::Place(const char* name) : name_(name) {}

Place::Place(const Place& outer, const char* name) : outer_(&outer), name_(name) {}

Place::Place(const Place& outer, const char* name, std::uint32_t index)
    : outer_(&outer), name_(name), index_(index) {}

PlaceText Place::text() const {
  PlaceText text;
  append_to(&text);
  return text;
}

void Place::append_to(PlaceText* text) const {
  if (outer_ != nullptr) {
    outer_->append_to(text);
    text->append({"."});
  }
  text->append({name_});
  if (!label_.empty()) {
    text->append({"[", label_, "]"});
  } else if (index_ != no_index) {
    text->append({"[", index_, "]"});
  }
}

}  // namespace guardrank
