// Plots as SVG elements: drawn with the classes of the page's style, no scripts.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace guardrank::page {

// "0.776", "-" for what is not finite.
std::string fixed(double value, int digits);
// "0.612 to 0.701"
std::string fixed_interval(double low, double high, int digits);

// A vertical line with a word above it.
struct PlotMark {
  double value = 0;
  std::string label;
};

struct IntervalRow {
  std::string label;
  double value = 0, low = 0, high = 0;     // not finite: left out, or drawn to the edge
  bool is_bad = false;
};
// One line per row: a point on its interval, over a common axis.
std::string interval_plot(const std::string& axis, const std::vector<IntervalRow>& rows,
                          const std::vector<PlotMark>& marks);

struct ScatterPoint {
  double x = 0, y = 0;
  std::string label;                       // beside the point, where there is room
  std::string title = {};                  // told on pointing at it; without both, a faint point
};
// Points, a line through some of them, and a vertical and a horizontal mark. Labels stay inside the
// frame and off each other; the first points' come first where there is not room for all. What is not
// finite is left out.
std::string scatter_plot(const std::string& x_axis, const std::string& y_axis,
                         const std::vector<ScatterPoint>& points,
                         const std::vector<ScatterPoint>& path, std::optional<PlotMark> x_mark,
                         std::optional<PlotMark> y_mark);

}  // namespace guardrank::page
