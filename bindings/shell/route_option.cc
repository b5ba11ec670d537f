#include "bindings/shell/route_option.h"

#include <sstream>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "bindings/shell/files.h"

namespace guardrank::shell {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array names = {"product", "market", "segment", "partner", "surface", "unit"};

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
    const std::string name = part.substr(0, equals);
    if (values.contains(name)) refuse("--route", "'" + name + "' stands there twice");
    values[name] = part.substr(equals + 1);
  }
  return values;
}

Json request_route(const std::string& path) {
  Json request;
  try {
    request = Json::parse(read_input(path, most_bytes::request));
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

}  // namespace

void add_route_options(CLI::App* command, RouteOption* option) {
  auto* request = command->add_option("--request", option->request,
                                      "Request whose \"route\" counts, or -");
  auto* route = command->add_option("--route", option->route,
                                    "The route's values instead: product=card,market=US");
  request->excludes(route);
  command->add_option("--unit", option->unit, "The experiment's unit, instead of the request's");
}

RouteValues::RouteValues(const RouteOption& option) {
  Json route = option.request.empty() ? parse_route(option.route) : request_route(option.request);
  if (!route.is_object()) throw Failure(GR_STATUS_TYPE, "route", "route: wanted an object");
  if (!option.unit.empty()) route["unit"] = option.unit;
  for (std::size_t i = 0; i < names.size(); ++i) texts_[i] = take(&route, names[i]);
  if (!route.empty()) refuse("route", "unknown member '" + route.begin().key() + "'");
}

gr_route_values RouteValues::view() const {
  gr_route_values values{};
  values.struct_size = sizeof values;
  gr_text* const members[] = {&values.product, &values.market,  &values.segment,
                              &values.partner, &values.surface, &values.unit};
  for (std::size_t i = 0; i < texts_.size(); ++i) *members[i] = {texts_[i].data(), texts_[i].size()};
  return values;
}

}  // namespace guardrank::shell
