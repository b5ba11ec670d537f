#include "models/page/plot.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

#include "core/base/utf8.h"
#include "models/page/html.h"
#include "models/page/labels.h"

namespace guardrank::page {
namespace {

constexpr double width = 560, right = 20, row_height = 26;
constexpr std::size_t longest_label = 28;

std::string number(double value) { return fixed(value, 1); }

std::string text_at(double x, double y, const std::string& text, const std::string& more) {
  return "<text x=\"" + number(x) + "\" y=\"" + number(y) + "\" " + more + ">" + escape(text) +
         "</text>";
}

std::string line(double x1, double y1, double x2, double y2, const std::string& css) {
  return "<line class=\"" + css + "\" x1=\"" + number(x1) + "\" y1=\"" + number(y1) + "\" x2=\"" +
         number(x2) + "\" y2=\"" + number(y2) + "\"/>";
}

std::string circle(double x, double y, double radius, const std::string& css,
                   const std::string& title) {
  return "<circle class=\"" + css + "\" cx=\"" + number(x) + "\" cy=\"" + number(y) + "\" r=\"" +
         number(radius) + "\"><title>" + escape(title) + "</title></circle>";
}

std::string open_svg(double height, const std::string& label) {
  return "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" aria-label=\"" + escape(label) +
         "\" viewBox=\"0 0 " + number(width) + " " + number(height) + "\">";
}

// Values to places along one side of the plot, with round ticks.
class Scale {
 public:
  void cover(double value) {
    if (!std::isfinite(value)) return;
    low_ = std::min(low_, value);
    high_ = std::max(high_, value);
  }
  // After the last cover: from `start` to `end` of the drawing.
  void place(double start, double end) {
    if (!(low_ <= high_)) low_ = 0, high_ = 1;
    const double margin =
        high_ > low_ ? (high_ - low_) * 0.06 : std::max(0.05, std::fabs(low_) / 10);
    low_ -= margin;
    high_ += margin;
    start_ = start;
    end_ = end;
    const double rough = (high_ - low_) / 5;
    const double power = std::pow(10, std::floor(std::log10(rough)));
    const double lead = rough / power;
    step_ = power * (lead < 1.5 ? 1 : lead < 3.5 ? 2 : lead < 7.5 ? 5 : 10);
    digits_ = std::clamp(static_cast<int>(-std::floor(std::log10(step_) + 1e-9)), 0, 6);
  }
  double at(double value) const {
    return start_ + (std::clamp(value, low_, high_) - low_) / (high_ - low_) * (end_ - start_);
  }
  std::vector<double> ticks() const {
    std::vector<double> ticks;
    for (double i = std::ceil(low_ / step_); i * step_ <= high_; ++i) ticks.push_back(i * step_);
    return ticks;
  }
  std::string label(double tick) const { return fixed(tick == 0 ? 0 : tick, digits_); }

 private:
  double low_ = std::numeric_limits<double>::infinity(), high_ = -low_;
  double start_ = 0, end_ = 1, step_ = 1;
  int digits_ = 0;
};

std::string shortened(const std::string& label) {
  return label.size() <= longest_label ? label
                                       : label.substr(0, utf8_cut(label, longest_label - 2)) + "..";
}

std::string interval_line(const IntervalRow& row, const Scale& scale, double y, double left) {
  const double low = std::isnan(row.low) ? row.value : row.low;
  const double high = std::isnan(row.high) ? row.value : row.high;
  std::string svg = row.is_bad ? "<g class=\"bad\">" : "<g>";
  svg += text_at(left - 8, y + 4, shortened(row.label), "text-anchor=\"end\"");
  if (std::isfinite(row.value)) {
    svg += line(scale.at(low), y, scale.at(high), y, "bar");
    svg +=
        circle(scale.at(row.value), y, 4.5, "point",
               row.label + ": " + fixed(row.value, 3) + " (" + fixed_interval(low, high, 3) + ")");
  }
  return svg + "</g>";
}

constexpr std::string_view anchors[] = {"start", "middle", "end"};

std::string placed(const std::optional<TextPlace>& place, const std::string& text,
                   const std::string& more) {
  if (!place) return "";
  const std::string anchor(anchors[static_cast<std::size_t>(place->anchor)]);
  return text_at(place->x, place->y, text, "text-anchor=\"" + anchor + "\" " + more);
}

bool is_finite(const ScatterPoint& point) { return std::isfinite(point.x) && std::isfinite(point.y); }

// Two scales across each other.
struct Field {
  static constexpr double left = 62, top = 28, bottom = 330;
  Scale across, up;

  void cover(const ScatterPoint& point) {
    across.cover(point.x);
    up.cover(point.y);
  }
  void place() {
    across.place(left, width - right);
    up.place(bottom, top);
  }

  std::string grid() const {
    std::string svg;
    for (double tick : across.ticks()) {
      svg += line(across.at(tick), top, across.at(tick), bottom, "axis");
      svg += text_at(across.at(tick), bottom + 16, across.label(tick),
                     "class=\"soft\" text-anchor=\"middle\"");
    }
    for (double tick : up.ticks()) {
      svg += line(left, up.at(tick), width - right, up.at(tick), "axis");
      svg += text_at(left - 6, up.at(tick) + 4, up.label(tick),
                     "class=\"soft\" text-anchor=\"end\"");
    }
    return svg;
  }

  std::string vertical(const PlotMark& mark, Labels* labels) const {
    const double x = across.at(mark.value);
    const std::vector<TextPlace> places = {
        {x + 4, bottom - 8, Anchor::start}, {x - 4, bottom - 8, Anchor::end},
        {x + 4, top + 14, Anchor::start}, {x - 4, top + 14, Anchor::end}};
    return line(x, top, x, bottom, "mark") +
           placed(labels->place(mark.label, places), mark.label, "class=\"soft\"");
  }
  std::string horizontal(const PlotMark& mark, Labels* labels) const {
    const double y = up.at(mark.value), end = width - right - 4;
    const std::vector<TextPlace> places = {
        {left + 4, y - 4, Anchor::start}, {left + 4, y + 14, Anchor::start},
        {end, y - 4, Anchor::end}, {end, y + 14, Anchor::end}};
    return line(left, y, width - right, y, "mark") +
           placed(labels->place(mark.label, places), mark.label, "class=\"soft\"");
  }

  std::string dot(const ScatterPoint& at) const {
    const bool is_faint = at.label.empty() && at.title.empty();
    return circle(across.at(at.x), up.at(at.y), is_faint ? 2.5 : 5, is_faint ? "faint" : "point",
                  (at.title.empty() ? at.label : at.title) + " " + fixed(at.x, 4) + ", " +
                      fixed(at.y, 4));
  }
  std::string words(const ScatterPoint& at, Labels* labels) const {
    if (at.label.empty()) return "";
    return placed(labels->place_beside(at.label, across.at(at.x), up.at(at.y)), at.label, "");
  }
};

}  // namespace

std::string fixed(double value, int digits) {
  if (!std::isfinite(value)) return "-";
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

std::string fixed_interval(double low, double high, int digits) {
  if (std::isnan(low) && std::isnan(high)) return "-";
  return fixed(low, digits) + " to " + (std::isfinite(high) ? fixed(high, digits) : "any");
}

std::string interval_plot(const std::string& axis, const std::vector<IntervalRow>& rows,
                          const std::vector<PlotMark>& marks) {
  double longest = text_width("....");
  Scale scale;
  for (const IntervalRow& row : rows) {
    longest = std::max(longest, text_width(shortened(row.label)));
    for (double value : {row.value, row.low, row.high}) scale.cover(value);
  }
  for (const PlotMark& mark : marks) scale.cover(mark.value);
  const double left = 16 + longest, top = 24;
  const double bottom = top + row_height * static_cast<double>(rows.size());
  scale.place(left, width - right);
  std::string svg = open_svg(bottom + 44, axis);
  for (double tick : scale.ticks()) {
    svg += line(scale.at(tick), top, scale.at(tick), bottom, "axis");
    svg += text_at(scale.at(tick), bottom + 16, scale.label(tick),
                   "class=\"soft\" text-anchor=\"middle\"");
  }
  Labels labels({0, 0, width, top});
  for (const PlotMark& mark : marks) {
    const double x = scale.at(mark.value), y = top - 8;
    svg += line(x, top - 4, x, bottom, "mark");
    svg += placed(labels.place(mark.label, {{x, y, Anchor::middle}, {x, y, Anchor::start},
                                            {x, y, Anchor::end}, {x + 12, y, Anchor::start}}),
                  mark.label, "class=\"soft\"");
  }
  double y = top + row_height / 2;
  for (const IntervalRow& row : rows) {
    svg += interval_line(row, scale, y, left);
    y += row_height;
  }
  return svg + text_at((left + width - right) / 2, bottom + 36, axis, "text-anchor=\"middle\"") +
         "</svg>";
}

std::string scatter_plot(const std::string& x_axis, const std::string& y_axis,
                         const std::vector<ScatterPoint>& points,
                         const std::vector<ScatterPoint>& path, std::optional<PlotMark> x_mark,
                         std::optional<PlotMark> y_mark) {
  Field field;
  for (const auto* list : {&points, &path}) {
    for (const ScatterPoint& point : *list)
      if (is_finite(point)) field.cover(point);
  }
  if (x_mark) field.across.cover(x_mark->value);
  if (y_mark) field.up.cover(y_mark->value);
  field.place();
  std::string svg = open_svg(Field::bottom + 44, y_axis + " against " + x_axis) + field.grid();
  Labels labels({Field::left, Field::top, width - right, Field::bottom});
  for (const ScatterPoint& point : points)
    if (is_finite(point)) labels.add_point(field.across.at(point.x), field.up.at(point.y));
  if (x_mark) svg += field.vertical(*x_mark, &labels);
  if (y_mark) svg += field.horizontal(*y_mark, &labels);
  std::string joined;
  for (const ScatterPoint& point : path)
    if (is_finite(point))
      joined += number(field.across.at(point.x)) + "," + number(field.up.at(point.y)) + " ";
  if (!joined.empty()) svg += "<polyline class=\"path\" points=\"" + joined + "\"/>";
  for (const ScatterPoint& point : points)
    if (is_finite(point)) svg += field.dot(point);
  for (const ScatterPoint& point : points)
    if (is_finite(point)) svg += field.words(point, &labels);
  return svg +
         text_at((Field::left + width - right) / 2, Field::bottom + 36, x_axis,
                 "text-anchor=\"middle\"") +
         text_at(4, 16, y_axis, "") + "</svg>";
}

}  // namespace guardrank::page
