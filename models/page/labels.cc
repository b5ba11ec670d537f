#include "models/page/labels.h"

#include <algorithm>

namespace guardrank::page {
namespace {

constexpr double character = 6.6, ascent = 10, descent = 3, radius = 4;

bool overlap(const Box& a, const Box& b) {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

}  // namespace

double text_width(const std::string& text) { return character * static_cast<double>(text.size()); }

Box text_box(const TextPlace& place, const std::string& text) {
  const double width = text_width(text);
  const double left = place.anchor == Anchor::start ? place.x
                      : place.anchor == Anchor::end ? place.x - width
                                                    : place.x - width / 2;
  return {left, place.y - ascent, left + width, place.y + descent};
}

void Labels::add_point(double x, double y) {
  points_.push_back({x - radius, y - radius, x + radius, y + radius});
}

bool Labels::is_free(const Box& box) const {
  return box.left >= frame_.left && box.right <= frame_.right && box.top >= frame_.top &&
         box.bottom <= frame_.bottom &&
         std::none_of(words_.begin(), words_.end(),
                      [&](const Box& word) { return overlap(word, box); });
}

std::size_t Labels::n_covered(const Box& box) const {
  return static_cast<std::size_t>(
      std::count_if(points_.begin(), points_.end(),
                    [&](const Box& point) { return overlap(point, box); }));
}

std::optional<TextPlace> Labels::place(const std::string& text,
                                       const std::vector<TextPlace>& places) {
  std::optional<TextPlace> best;
  for (const TextPlace& one : places) {
    const Box box = text_box(one, text);
    if (!is_free(box)) continue;
    if (!best || n_covered(box) < n_covered(text_box(*best, text))) best = one;
  }
  if (best) words_.push_back(text_box(*best, text));
  return best;
}

std::optional<TextPlace> Labels::place_beside(const std::string& text, double x, double y) {
  std::vector<TextPlace> places;
  for (const double up : {-8.0, 18.0, 4.0, -22.0, 32.0, -36.0, 46.0}) {
    const double beside = up == 4.0 ? 10 : 7;
    places.push_back({x + beside, y + up, Anchor::start});
    places.push_back({x - beside, y + up, Anchor::end});
  }
  return place(text, places);
}

}  // namespace guardrank::page
