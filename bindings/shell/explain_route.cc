#include <iostream>
#include <memory>
#include <sstream>

#include <nlohmann/json.hpp>

#include "bindings/shell/command.h"
#include "bindings/shell/files.h"
#include "bindings/shell/library.h"
#include "bindings/shell/table.h"

namespace guardrank::shell {
namespace {

using Json = nlohmann::ordered_json;
using Routes = std::unique_ptr<gr_routes, Freed<gr_routes_free>>;

struct Options {
  std::vector<std::string> releases;
  std::string request, route, unit;
};

constexpr const char* dimensions[] = {"product", "market", "segment", "partner", "surface"};

Routes open_routes(const std::vector<std::string>& paths) {
  const Engine engine = create_engine();
  std::vector<Artifact> artifacts;
  std::vector<const gr_artifact*> views;
  for (const std::string& path : paths) {
    artifacts.push_back(open_artifact(engine.get(), read_input(path), GR_CHECK_FULL));
    views.push_back(artifacts.back().get());
  }
  gr_routes* routes = nullptr;
  check([&](gr_error** error) {
    return gr_routes_create(engine.get(), views.data(), views.size(), &routes, error);
  });
  return Routes(routes);
}

[[noreturn]] void refuse(const std::string& where, const std::string& message) {
  throw Failure(GR_STATUS_ARGUMENT, where, where + ": " + message);
}

// "product=card,market=US"
Json parse_route(const std::string& text) {
  Json values = Json::object();
  std::istringstream parts(text);
  for (std::string part; std::getline(parts, part, ',');) {
    const std::size_t equals = part.find('=');
    if (equals == std::string::npos) refuse("--route", "wanted name=value, found '" + part + "'");
    values[part.substr(0, equals)] = part.substr(equals + 1);
  }
  return values;
}

Json request_route(const std::string& path) {
  Json request;
  try {
    request = Json::parse(read_input(path));
  } catch (const Json::parse_error& problem) {
    throw Failure(GR_STATUS_JSON, "request", std::string("request: ") + problem.what());
  }
  if (!request.is_object()) throw Failure(GR_STATUS_TYPE, "request", "request: wanted an object");
  return request.value("route", Json::object());
}

std::string take(Json* route, const char* name) {
  const auto found = route->find(name);
  if (found == route->end()) return "";
  const Json value = *found;
  route->erase(name);
  if (value.is_null()) return "";
  if (!value.is_string())
    throw Failure(GR_STATUS_TYPE, std::string("route.") + name,
                  std::string("route.") + name + ": wanted a string");
  return value.get<std::string>();
}

std::string explain(const gr_routes* routes, Json route, const std::string& unit) {
  if (!route.is_object()) throw Failure(GR_STATUS_TYPE, "route", "route: wanted an object");
  if (!unit.empty()) route["unit"] = unit;
  std::string texts[6];
  gr_route_values values{};
  values.struct_size = sizeof values;
  gr_text* const members[] = {&values.product, &values.market,  &values.segment,
                              &values.partner, &values.surface, &values.unit};
  for (std::size_t i = 0; i < 6; ++i) {
    texts[i] = take(&route, i < 5 ? dimensions[i] : "unit");
    *members[i] = {texts[i].data(), texts[i].size()};
  }
  if (!route.empty()) refuse("route", "unknown member '" + route.begin().key() + "'");
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
  const Routes routes = open_routes(options.releases);
  const Json route =
      options.request.empty() ? parse_route(options.route) : request_route(options.request);
  const std::string told = explain(routes.get(), route, options.unit);
  if (as_json) std::cout << told << '\n';
  else std::cout << text_of(Json::parse(told));
  return 0;
}

}  // namespace

void add_explain_route(CLI::App* app, CommonOptions* common, Actions* actions) {
  CLI::App* command = app->add_subcommand(
      "explain-route", "Say which release serves a request, and why the others do not");
  const auto options = std::make_shared<Options>();
  command->add_option("--release", options->releases, "Release artifacts, or bundles")->required();
  auto* request = command->add_option("--request", options->request,
                                      "Request whose \"route\" counts, or -");
  auto* route = command->add_option("--route", options->route,
                                    "The route's values instead: product=card,market=US");
  request->excludes(route);
  command->add_option("--unit", options->unit, "The experiment's unit, instead of the request's");
  add_json_option(command, common);
  command->footer("The order of routes, stages and buckets: core/route/README.md.");
  (*actions)[command] = [options, common] { return explain_route(*options, common->as_json); };
}

}  // namespace guardrank::shell
