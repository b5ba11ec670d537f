#include <iostream>
#include <memory>
#include <set>
#include <sstream>

#include <nlohmann/json.hpp>

#include "bindings/shell/command.h"
#include "bindings/shell/files.h"
#include "bindings/shell/library.h"
#include "bindings/shell/origin.h"
#include "bindings/shell/route_option.h"
#include "bindings/shell/table.h"

namespace guardrank::shell {
namespace {

using Json = nlohmann::ordered_json;
using Routes = std::unique_ptr<gr_routes, Freed<gr_routes_free>>;

struct Options {
  OriginOptions origin;
  std::vector<std::string> releases;
  RouteOption route;
};

// The files of the origin's releases as its metadata names them now; with names, of those alone.
std::vector<std::string> files_of(const OriginOptions& origin, const std::vector<std::string>& names) {
  const Json told = run_step(origin, gr_tools_origin_describe, Json::object());
  std::vector<std::string> files;
  std::set<std::string> wanted(names.begin(), names.end());
  for (const Json& release : told["releases"]) {
    const std::string name = release["release"].is_string() ? release["release"].get<std::string>() : "";
    if (wanted.erase(name) != 0 || names.empty())
      files.push_back(origin.origin + "/" + release["file"].get<std::string>());
  }
  if (!wanted.empty())
    throw Failure(GR_STATUS_MISSING, "--release", "--release: the origin has no release '" + *wanted.begin() + "'");
  return files;
}

Routes open_routes(const std::vector<std::string>& paths) {
  const Engine engine = create_engine();
  std::vector<Artifact> artifacts;
  std::vector<const gr_artifact*> views;
  for (const std::string& path : paths) {
    artifacts.push_back(open_artifact(engine.get(), read_artifact(path), GR_CHECK_FULL));
    views.push_back(artifacts.back().get());
  }
  gr_routes* routes = nullptr;
  check([&](gr_error** error) {
    return gr_routes_create(engine.get(), views.data(), views.size(), &routes, error);
  });
  return Routes(routes);
}

std::string explain(const gr_routes* routes, const RouteValues& route) {
  const gr_route_values values = route.view();
  std::size_t size = 0;
  check([&](gr_error** error) { return gr_routes_explain(routes, &values, nullptr, 0, &size, error); });
  std::string text(size, '\0');
  check([&](gr_error** error) {
    return gr_routes_explain(routes, &values, text.data(), text.size(), &size, error);
  });
  return text;
}

std::string label(const Json& route) {
  std::string text = route["release"].get<std::string>() + "[" + route["route"].dump() + "]";
  if (const std::string arm = route["arm"]; !arm.empty()) text += " arm " + arm;
  return text;
}

std::string names_text(const Json& names) {
  std::string text;
  for (const auto& [name, value] : names.items())
    text += (text.empty() ? "" : ", ") + name + "=" + value.get<std::string>();
  return text.empty() ? "everything" : text;
}

std::string fixed(double value) {
  std::ostringstream text;
  text.precision(4);
  text << std::fixed << value;
  return text.str();
}

// What came of a route, in words.
std::string reason(const Json& route, const Json& request) {
  const std::string verdict = route["verdict"];
  if (verdict == "mismatch") {
    const std::string name = route["mismatch"];
    const std::string has = request.contains(name) ? request[name].get<std::string>() : "no " + name;
    return "does not match: the request has " + has;
  }
  static const std::pair<const char*, const char*> words[] = {
      {"serves", "serves"},
      {"shadows", "scored and logged, not shown"},
      {"falls_back", "fallback"},
      {"offline", "offline: never serves"},
      {"less_specific", "a route that names more serves"},
      {"other_units", "matches; the unit is not in its share"},
      {"needs_unit", "matches; the request has no unit"},
      {"experiment_serves", "matches; an experiment has the unit"},
      {"newer_serves", "matches; a release made later serves"},
      {"surplus_shadow", "a shadow too many"}};
  for (const auto& [name, text] : words)
    if (verdict == name) return text;
  return verdict;
}

std::string bucket_text(const Json& route) {
  if (!route.contains("share")) return "";
  std::string text = "[" + fixed(route["share"][0]) + ", " + fixed(route["share"][1]) + ")";
  if (route.contains("fraction")) text = fixed(route["fraction"]) + " of " + text;
  return text;
}

std::string choice_text(const Json& told) {
  std::string text = "serves:    ";
  text += told["primary"].is_null() ? "nothing" : label(told["primary"]);
  text += "\nshadows:   ";
  for (const Json& route : told["shadows"]) text += label(route) + "  ";
  if (told["shadows"].empty()) text += "none";
  text += "\nfallbacks: ";
  for (const Json& route : told["fallbacks"]) text += label(route) + "  ";
  if (told["fallbacks"].empty()) text += "none";
  if (told["chain"] != "complete")
    text += " (ends at " + told["missing_fallback"].get<std::string>() + ": " +
            told["chain"].get<std::string>() + ")";
  return text + "\n\n";
}

std::string text_of(const Json& told) {
  Table table({{"release"}, {"stage"}, {"names"}, {"weight", Table::Align::right}, {"bucket"},
               {"what came of it"}});
  for (const Json& route : told["routes"])
    table.add({label(route), route["stage"].get<std::string>(), names_text(route["names"]),
               route["weight"].dump(), bucket_text(route), reason(route, told["request"])});
  return choice_text(told) + table.text(terminal_width());
}

int explain_route(const Options& options, bool as_json) {
  const Routes routes = open_routes(options.origin.origin.empty()
                                        ? options.releases
                                        : files_of(options.origin, options.releases));
  const std::string told = explain(routes.get(), RouteValues(options.route));
  if (as_json) std::cout << told << '\n';
  else std::cout << text_of(Json::parse(told));
  return 0;
}

}  // namespace

void add_explain_route(CLI::App* app, CommonOptions* common, Actions* actions) {
  CLI::App* command = app->add_subcommand(
      "explain-route", "Say which release serves a request, and why the others do not");
  const auto options = std::make_shared<Options>();
  auto* origin = command->add_option("--origin", options->origin.origin,
                                     "Folder of an origin: all its releases as they stand now");
  auto* releases = command->add_option("--release", options->releases,
                                       "Release artifacts, or bundles; with --origin names of its releases");
  command->callback([origin, releases] {
    if (origin->count() + releases->count() == 0) throw CLI::RequiredError("--origin or --release");
  });
  add_route_options(command, &options->route);
  add_json_option(command, common);
  command->footer("The order of routes, stages and buckets: core/route/README.md.");
  (*actions)[command] = [options, common] { return explain_route(*options, common->as_json); };
}

}  // namespace guardrank::shell
