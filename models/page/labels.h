// Where words go in a plot: inside its frame and beside each other, never on top.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace guardrank::page {

struct Box {
  double left = 0, top = 0, right = 0, bottom = 0;
};

enum class Anchor { start, middle, end };

// A baseline's start, middle or end.
struct TextPlace {
  double x = 0, y = 0;
  Anchor anchor = Anchor::start;
};

// About what a word of the page's plots takes (12 px, sans-serif).
double text_width(const std::string& text);
Box text_box(const TextPlace& place, const std::string& text);

class Labels {
 public:
  explicit Labels(const Box& frame) : frame_(frame) {}

  // A point that words had better leave free; they cover it where there is no other room.
  void add_point(double x, double y);
  // The first of `places` that is inside the frame, over no other word and over the fewest points.
  // None: the word is left out, as the table beside the plot has it.
  std::optional<TextPlace> place(const std::string& text, const std::vector<TextPlace>& places);
  // Around a point.
  std::optional<TextPlace> place_beside(const std::string& text, double x, double y);

 private:
  bool is_free(const Box& box) const;
  std::size_t n_covered(const Box& box) const;

  Box frame_;
  std::vector<Box> words_, points_;
};

}  // namespace guardrank::page
