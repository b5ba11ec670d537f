#include "bindings/shell/sweep.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iostream>

#include <nlohmann/json.hpp>

#include "bindings/shell/files.h"
#include "bindings/shell/progress.h"
#include "bindings/shell/table.h"

namespace guardrank::shell {
namespace {

using Json = nlohmann::ordered_json;

gr_text text_of(const std::string& text) { return {text.data(), text.size()}; }

// "approve>=0.12:approve_bonus" in parts.
struct ParsedTarget {
  std::string figure, parameter;
  double at_least = 0;
};

ParsedTarget parse_target(const std::string& text) {
  const std::size_t relation = text.find(">="), colon = text.rfind(':');
  ParsedTarget target;
  bool is_number = false;
  if (relation != std::string::npos && colon != std::string::npos && colon > relation + 2) {
    target.figure = text.substr(0, relation);
    target.parameter = text.substr(colon + 1);
    const char* begin = text.data() + relation + 2;
    const char* end = text.data() + colon;
    const auto parsed = std::from_chars(begin, end, target.at_least);
    is_number =
        parsed.ec == std::errc() && parsed.ptr == end && std::isfinite(target.at_least);
  }
  if (!is_number || target.figure.empty() || target.parameter.empty())
    throw Failure(GR_STATUS_ARGUMENT, "--target",
                  "--target: wanted FIGURE>=NUMBER:PARAMETER, found " + text);
  return target;
}

// A probability, rate or share of nothing is null.
std::string number(const Json& value, int digits) {
  if (!value.is_number()) return "-";
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value.get<double>());
  return text;
}

constexpr const char* usual_figures[] = {"revenue", "score", "shown", "empty"};

bool is_usual(const std::string& figure) {
  return std::find(std::begin(usual_figures), std::end(usual_figures), figure) !=
         std::end(usual_figures);
}

// What guardrails and heads do as the parameter moves: figures that are not the same at every point.
std::vector<std::string> moved_figures(const Json& points) {
  std::vector<std::string> moved;
  for (const auto& each : points.front().at("figures").items()) {
    const std::string& figure = each.key();
    const Json& first = each.value();
    const auto is_other = [&](const Json& point) { return point.at("figures").at(figure) != first; };
    if (!is_usual(figure) && std::any_of(points.begin(), points.end(), is_other))
      moved.push_back(figure);
  }
  return moved;
}

std::string figure_cell(const std::string& figure, const Json& value) {
  return number(value, figure == "shown" ? 2 : figure == "empty" ? 3 : 6);
}

// What a table shows: the usual figures, and those that moved while the terminal has room for them.
struct Shown {
  std::vector<std::string> figures{std::begin(usual_figures), std::end(usual_figures)};
  std::string left_out;
};

Shown choose_figures(const Json& points) {
  constexpr std::size_t usual_width = 60, narrowest = 10, gap = 2;
  const std::size_t room = terminal_width();
  Shown shown;
  std::size_t width = usual_width;
  for (const std::string& figure : moved_figures(points)) {
    width += gap + std::max(narrowest, display_width(figure));
    if (room == 0 || width <= room) shown.figures.push_back(figure);
    else shown.left_out += (shown.left_out.empty() ? "" : ", ") + printable(figure);
  }
  return shown;
}

std::string points_table(const Json& parameter, const std::vector<std::string>& figures) {
  std::vector<Table::Heading> headings = {
      {parameter.at("name").get<std::string>(), Table::Align::right}};
  for (const std::string& figure : figures) headings.push_back({figure, Table::Align::right});
  Table table(headings);
  for (const Json& point : parameter.at("points")) {
    const std::string mark = point.at("is_policy").get<bool>() ? "* " : "";
    std::vector<std::string> cells = {mark + number(point.at("value"), 4)};
    for (const std::string& figure : figures)
      cells.push_back(figure_cell(figure, point.at("figures").at(figure)));
    table.add(cells);
  }
  return table.text(terminal_width());
}

void print_parameter(const Json& parameter) {
  const Shown shown = choose_figures(parameter.at("points"));
  std::cout << points_table(parameter, shown.figures);
  if (!shown.left_out.empty())
    std::cout << "  also moved: " << shown.left_out << " (all figures: --html, --json)\n";
  for (const Json& loss : parameter.at("worst_segments"))
    std::cout << "  " << printable(loss.at("segment").get<std::string>()) << " ("
              << number(loss.at("requests"), 0) << " requests) loses most at "
              << number(loss.at("value"), 4) << ": " << number(loss.at("revenue_before"), 6)
              << " to " << number(loss.at("revenue_after"), 6) << '\n';
  std::cout << '\n';
}

void print_segments(const Json& segments) {
  std::cout << "segments by " << printable(segments.at("by").get<std::string>()) << ": "
            << number(segments.at("compared"), 0) << " compared, "
            << number(segments.at("left_out"), 0) << " of fewer than "
            << number(segments.at("least_requests"), 0) << " requests left out ("
            << number(segments.at("requests_left_out"), 0) << " requests)\n";
}

void print_targets(const Json& report) {
  Table table({{"figure"}, {"at least", Table::Align::right}, {"before", Table::Align::right},
               {"found", Table::Align::right}, {"parameter"}, {"now", Table::Align::right},
               {"found with", Table::Align::right}, {"proposed", Table::Align::right}});
  for (const Json& target : report.at("targets"))
    table.add({target.at("figure").get<std::string>(), number(target.at("at_least"), 6),
               number(target.at("before"), 6), number(target.at("found"), 6),
               target.at("parameter").get<std::string>(), number(target.at("value"), 4),
               number(target.at("found_with"), 4), number(target.at("proposed"), 4)});
  std::cout << table.text(terminal_width());
  std::cout << (report.at("is_met").get<bool>() ? "all targets met"
                                                 : "no values were found that meet all targets: nothing is "
                                                   "proposed")
            << "; revenue a request " << number(report.at("revenue_before"), 6) << " before, "
            << number(report.at("revenue"), 6) << " then\n";
}

}  // namespace

void add_sweep_options(CLI::App* command, SweepOptions* options) {
  const char* group = "Trade-offs";
  command->add_flag("--sweep", options->is_sweep,
                    "Move every parameter through its bounds instead of measuring heads: revenue, "
                    "in the policy's own parameters, and every figure that moves with it")->group(group);
  command->add_option("--parameter", options->parameters, "Sweep these alone")->group(group);
  command->add_option("--points", options->points, "Points between minimum and maximum")
      ->default_val(9)->check(CLI::Range(2, 101))->group(group);
  command->add_option("--segment", options->segment,
                      "ctx.<fact>, segment, surface, market, product or partner: tells the five "
                      "that lose most")->group(group);
  command->add_option("--min-segment", options->least_segment,
                      "Requests of the smallest segment that is compared")
      ->default_val(20)->check(CLI::Range(1, 1000000))->group(group);
  command->add_option("--depth", options->depth, "Positions that give exposure")
      ->default_val(10)->check(CLI::Range(1, 1000))->group(group);
  command->add_option("--target", options->targets,
                      "FIGURE>=NUMBER:PARAMETER, as share.favorite>=0.4:w_favorite or "
                      "rate.approve>=0.7:approve_floor: proposes the parameter's value that "
                      "meets it; of several, values that meet all, if any are found")->group(group);
  command->add_option("--html", options->html, "Write the page with plots here")->group(group);
  command->parse_complete_callback([command] {
    if (command->count("--sweep") + command->count("--target") > 0) return;
    for (const char* option : {"--parameter", "--points", "--segment", "--min-segment", "--depth", "--html"})
      if (command->count(option) > 0) throw CLI::RequiresError(option, "--sweep or --target");
  });
}

int run_sweep(const SweepOptions& options, const gr_snapshot* snapshot,
              const std::string& requests, bool as_json) {
  std::vector<ParsedTarget> parsed;
  for (const std::string& target : options.targets) parsed.push_back(parse_target(target));
  std::vector<gr_tools_target> targets;
  for (const ParsedTarget& target : parsed)
    targets.push_back({text_of(target.figure), text_of(target.parameter), target.at_least});
  std::vector<gr_text> parameters;
  for (const std::string& name : options.parameters) parameters.push_back(text_of(name));
  Progress progress;
  gr_tools_sweep_options given{};
  given.struct_size = sizeof given;
  given.points = options.points;
  given.depth = options.depth;
  given.least_segment = options.least_segment;
  given.parameter_count = static_cast<std::uint32_t>(parameters.size());
  given.parameters = parameters.data();
  given.target_count = static_cast<std::uint32_t>(targets.size());
  given.targets = targets.data();
  given.segment = text_of(options.segment);
  given.requests = text_of(requests);
  given.progress = Progress::report;
  given.progress_user = &progress;
  gr_tools_text *reported = nullptr, *paged = nullptr;
  check([&](gr_error** error) {
    return gr_tools_sweep(snapshot, &given, &reported, &paged, error);
  });
  progress.clear();
  const ToolsText report(reported), page(paged);
  if (!options.html.empty()) write_output(options.html, view(gr_tools_text_view(page.get())));
  const Json told = Json::parse(view(gr_tools_text_view(report.get())));
  if (as_json) {
    std::cout << told.dump() << '\n';
  } else if (!targets.empty()) {
    print_targets(told);
  } else {
    for (const Json& parameter : told.at("parameters")) print_parameter(parameter);
    if (told.contains("segments")) print_segments(told.at("segments"));
  }
  return 0;
}

}  // namespace guardrank::shell
