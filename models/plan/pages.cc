#include "models/plan/pages.h"

#include <cmath>

#include "models/page/html.h"
#include "models/page/plot.h"

namespace guardrank::plan {
namespace {

using Json = nlohmann::ordered_json;
using page::fixed;

double figure(const Json& point, const std::string& name) {
  return point.at("figures").at(name).get<double>();
}

// What moves at all along a parameter, but for the revenue itself.
std::vector<std::string> moving_figures(const Json& parameter) {
  std::vector<std::string> names;
  const Json& points = parameter.at("points");
  for (const auto& [name, first] : points[0].at("figures").items()) {
    if (name == "revenue" || name == "term.revenue") continue;
    bool moves = false;
    const double start = first.get<double>();
    for (const Json& point : points) {
      const double value = figure(point, name);
      moves |= value != start && !(std::isnan(value) && std::isnan(start));
    }
    if (moves) names.push_back(name);
  }
  return names;
}

// Revenue against one figure, the points joined in the order of the parameter. Words stand at the
// policy's own point and at both ends.
std::string trade_off(const Json& parameter, const std::string& name) {
  std::vector<page::ScatterPoint> points, path;
  const Json& all = parameter.at("points");
  for (const Json& point : all) {
    const double x = figure(point, name), y = figure(point, "revenue");
    const std::string value = fixed(point.at("value").get<double>(), 4);
    const bool is_policy = point.at("is_policy").get<bool>();
    const bool is_end = &point == &all.front() || &point == &all.back();
    const page::ScatterPoint drawn{x, y, is_policy ? value + " (policy)" : is_end ? value : "",
                                   value};
    points.insert(is_policy ? points.begin() : points.end(), drawn);
    path.push_back({x, y, ""});
  }
  return page::scatter_plot(name, "revenue a request", points, path, std::nullopt, std::nullopt);
}

page::HtmlTable trade_off_table(const Json& parameter, const std::string& name) {
  page::HtmlTable table{{parameter.at("name").get<std::string>(), "revenue", name}, {}};
  for (const Json& point : parameter.at("points"))
    table.rows.push_back({fixed(point.at("value").get<double>(), 4),
                          fixed(figure(point, "revenue"), 6), fixed(figure(point, name), 6)});
  return table;
}

void add_worst_segments(const Json& parameter, page::Page* page) {
  if (parameter.at("worst_segments").empty()) return;
  page::HtmlTable table{{"segment", "requests", "at", "revenue before", "revenue there"}, {}};
  for (const Json& loss : parameter.at("worst_segments"))
    table.rows.push_back({loss.at("segment").get<std::string>(),
                          fixed(loss.at("requests").get<double>(), 0),
                          fixed(loss.at("value").get<double>(), 4),
                          fixed(loss.at("revenue_before").get<double>(), 6),
                          fixed(loss.at("revenue_after").get<double>(), 6)});
  page->paragraph("Segments that lose most revenue anywhere along it, each at its worst point:");
  page->table(table);
}

void add_segments(const Json& report, page::Page* page) {
  if (!report.contains("segments")) return;
  const Json& segments = report.at("segments");
  const auto count = [&](const char* name) { return fixed(segments.at(name).get<double>(), 0); };
  page->paragraph("Segments by " + segments.at("by").get<std::string>() + ": " + count("compared") +
                  " compared, " + count("left_out") + " of fewer than " + count("least_requests") +
                  " requests left out (" + count("requests_left_out") + " requests).");
}

void add_parameter(const Json& parameter, page::Page* page) {
  const std::string name = parameter.at("name").get<std::string>();
  page->heading(name);
  page->paragraph("Now " + fixed(parameter.at("value").get<double>(), 4) + ", from " +
                  fixed(parameter.at("minimum").get<double>(), 4) + " to " +
                  fixed(parameter.at("maximum").get<double>(), 4) + ", owned by " +
                  parameter.at("owner").get<std::string>() + ".");
  const std::vector<std::string> moving = moving_figures(parameter);
  if (moving.empty()) page->paragraph("Nothing moves with it on this sample.");
  for (const std::string& moved : moving)
    page->figure("Revenue against " + moved, trade_off(parameter, moved),
                 trade_off_table(parameter, moved));
  add_worst_segments(parameter, page);
}

std::string exposure_note(const Json& report) {
  return std::to_string(report.at("requests").get<std::size_t>()) +
         " requests; exposure 1/log2(1 + position) over the first " +
         std::to_string(report.at("depth").get<std::size_t>()) +
         " positions, one for each request. Probabilities (p) are those of what is shown, over the "
         "requests that show anything; rates and shares are sums over sums. Revenue is in the policy's "
         "own parameters, whatever they are moved to.";
}

}  // namespace

std::string sweep_page(const Json& report) {
  page::Page page("Parameter sweep");
  page.paragraph(exposure_note(report));
  add_segments(report, &page);
  for (const Json& parameter : report.at("parameters")) add_parameter(parameter, &page);
  return page.text();
}

std::string stages_page(const Json& report) {
  const Json& figures = report.at("two_stage");
  const double wanted = figures.at("min_value_recall").get<double>();
  page::Page page("Two stages");
  page.paragraph(
      std::to_string(report.at("requests").get<std::size_t>()) + " requests over a catalog of " +
      std::to_string(report.at("offers").get<std::size_t>()) + " offers, half of them with more than " +
      fixed(report.at("eligible").get<double>(), 0) + " eligible ones. Value-recall is the kept share of the " +
      "sum of scores above 0 over what the full path shows. Times are medians of processor time, of warm rankings on " +
      "the machine that measured, the full path's " +
      fixed(report.at("full_path_micros").get<double>(), 0) + " us.");
  page::HtmlTable written{{"figure", "value"}, {}};
  for (const auto& [name, value] : figures.items())
    written.rows.push_back({name, fixed(value.get<double>(), 4)});
  written.rows.push_back({"K for the median request", fixed(report.at("k").get<double>(), 0)});
  written.rows.push_back({"requests in two stages",
                          std::to_string(report.at("requests_in_two_stages").get<std::size_t>())});
  written.rows.push_back({"worst request", fixed(report.at("worst_request").get<double>(), 4)});
  written.rows.push_back({"median error of a time", fixed(report.at("fit_error").get<double>(), 3)});
  page.heading("Figures of the policy");
  page.paragraph(report.at("is_enough").get<bool>()
                     ? "The measured recall reaches the minimum."
                     : "The measured recall is under the minimum: packing refuses this policy.");
  page.table(written);
  std::vector<page::ScatterPoint> recall, times, recall_path, times_path;
  page::HtmlTable grid{{"K", "value-recall", "worst request", "us"}, {}};
  for (const Json& point : report.at("grid")) {
    const double k = point.at("k").get<double>(), kept = point.at("value_recall").get<double>(),
                 micros = point.at("micros").get<double>();
    recall.push_back({k, kept, fixed(k, 0)});
    recall_path.push_back({k, kept, ""});
    times.push_back({k, micros, fixed(k, 0)});
    times_path.push_back({k, micros, ""});
    grid.rows.push_back({fixed(k, 0), fixed(kept, 4),
                         fixed(point.at("worst_request").get<double>(), 4), fixed(micros, 0)});
  }
  const page::PlotMark chosen{report.at("k").get<double>(), "K"};
  page.heading("What stage one keeps, and what it saves");
  page.figure("Value-recall against K",
              page::scatter_plot("K", "value-recall", recall, recall_path, chosen,
                                 page::PlotMark{wanted, "minimum"}),
              grid);
  page.figure("Time of a ranking against K",
              page::scatter_plot("K", "us", times, times_path, chosen,
                                 page::PlotMark{figures.at("budget_us").get<double>(), "budget"}),
              grid);
  return page.text();
}

std::string targets_page(const Json& report) {
  page::Page page("Multipliers for targets");
  page.paragraph(exposure_note(report));
  page.paragraph(report.at("is_met").get<bool>() ? "All targets are met."
                                                 : "No values within the bounds were found that "
                                                   "meet all targets: found is the step that misses "
                                                   "least, and nothing is proposed.");
  page::HtmlTable table{
      {"figure", "at least", "before", "found", "parameter", "now", "found with", "proposed"}, {}};
  for (const Json& target : report.at("targets"))
    table.rows.push_back({target.at("figure").get<std::string>(),
                          fixed(target.at("at_least").get<double>(), 6),
                          fixed(target.at("before").get<double>(), 6),
                          fixed(target.at("found").get<double>(), 6),
                          target.at("parameter").get<std::string>(),
                          fixed(target.at("value").get<double>(), 6),
                          fixed(target.at("found_with").get<double>(), 6),
                          target.at("proposed").is_null()
                              ? "nothing"
                              : fixed(target.at("proposed").get<double>(), 6)});
  page.table(table);
  std::vector<page::ScatterPoint> points, path;
  page::HtmlTable steps{{"step", "revenue", "missed"}, {}};
  for (const char* member : {"parameter", "figure"})
    for (const Json& target : report.at("targets"))
      steps.headings.push_back(target.at(member).get<std::string>());
  for (const Json& step : report.at("steps")) {
    const double x = step.at("missed").get<double>(), y = step.at("revenue").get<double>();
    points.push_back({x, y, ""});
    path.push_back({x, y, ""});
    steps.rows.push_back({std::to_string(steps.rows.size() + 1), fixed(y, 6), fixed(x, 6)});
    for (const char* member : {"multipliers", "found"})
      for (const Json& value : step.at(member))
        steps.rows.back().push_back(fixed(value.get<double>(), 6));
  }
  page.figure("Steps: revenue against what the targets still miss",
              page::scatter_plot("missed, of the target", "revenue a request", points, path,
                                  std::nullopt, std::nullopt),
              steps);
  return page.text();
}

}  // namespace guardrank::plan
