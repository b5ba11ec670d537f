#include "models/publish/gates.h"

#include <charconv>
#include <set>

#include "models/publish/key.h"
#include "models/publish/release_document.h"
#include "models/publish/request.h"

namespace guardrank::publish {
namespace {

using pack::PackError;

// Enough for a report; a file of raw rows is none.
constexpr std::size_t max_figures = 2000;

// Whether every element is an object with a name of its own: such a list is told by names.
bool has_names(const Json& list) {
  std::set<std::string> names;
  for (const Json& element : list) {
    const auto name = element.is_object() ? find_member<Json>(element, "name") : std::nullopt;
    if (!name || !name->is_string() || !names.insert(name->get<std::string>()).second) return false;
  }
  return true;
}

void flatten(const Json& value, const std::string& path, Json* figures) {
  if (value.is_number() || value.is_boolean()) (*figures)[path] = value.dump();
  if (!value.is_structured()) return;
  const bool is_named = value.is_array() && has_names(value);
  for (const auto& [name, member] : value.items()) {   // of an array's elements, their numbers
    const std::string step = is_named ? member["name"].get<std::string>() : name;
    flatten(member, path.empty() ? step : path + "." + step, figures);
  }
}

double number_of(const Json& text) {
  const std::string& digits = text.get_ref<const std::string&>();
  if (digits == "true" || digits == "false") return digits == "true" ? 1 : 0;
  double number = 0;
  const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (problem != std::errc() || end != digits.data() + digits.size())
    throw PackError(Status::type, "figures", "wanted a number, found '" + digits + "'");
  return number;
}

void check_gate(const Json& gate, const std::string& name, Json* kept) {
  if (!gate.is_object()) throw PackError(Status::type, name, "wanted objects");
  refuse_unknown(gate, {"figure", "at_most", "at_least"});
  Json one = {{"figure", wanted_member<std::string>(gate, "figure")}};
  for (const char* bound : {"at_most", "at_least"})
    if (find_member<double>(gate, bound)) one[bound] = gate.at(bound).dump();
  if (one.size() < 2) throw PackError(Status::missing, name, "a gate has at_most, at_least or both");
  kept->push_back(one);
}

}  // namespace

Json read_figures(std::string_view report, const std::string& name) {
  Json values = Json::object();
  flatten(parse_json(report, name), "", &values);
  if (values.size() > max_figures)
    throw PackError(Status::limit, name, "more than " + std::to_string(max_figures) + " figures");
  return {{"report_sha256", sha256_hex(report)}, {"values", values}};
}

std::string figures_blob(const Json& figures) { return canonical_json(figures.at("values")); }

Json signed_figures(const Json& figures, const Json& gates) {
  if (!figures.contains("values")) return figures;
  const Json& values = figures.at("values");
  Json asked = Json::object();
  for (const auto& [stage, list] : gates.items())
    for (const Json& gate : list)
      if (const auto found = values.find(gate.at("figure").get<std::string>()); found != values.end())
        asked[found.key()] = *found;
  return {{"report_sha256", figures.at("report_sha256")},
          {"values_sha256", sha256_hex(figures_blob(figures))},
          {"values", asked}};
}

Json whole_figures(const Json& signed_before, const OriginFolder& origin) {
  const auto hash = find_member<std::string>(signed_before, "values_sha256");
  const auto blob = hash ? origin.find("blobs/" + *hash) : std::nullopt;
  if (!blob) return signed_before;   // of a time when all were signed; or the gates' own are left
  if (sha256_hex(*blob) != *hash) throw PackError(Status::hash, "blobs/" + *hash, "it holds other figures");
  Json whole = signed_before;
  whole["values"] = parse_json(*blob, "blobs/" + *hash);
  return whole;
}

Json read_gates(std::string_view text, const std::string& name) {
  const Json given = parse_json(text, name);
  if (!given.is_object()) throw PackError(Status::type, name, "wanted an object of stages");
  Json gates = Json::object();
  for (const auto& [stage, list] : given.items()) {
    stage_rank(stage);
    if (!list.is_array()) throw PackError(Status::type, name + "." + stage, "wanted a list of gates");
    gates[stage] = Json::array();
    for (const Json& gate : list) check_gate(gate, name + "." + stage, &gates[stage]);
  }
  return gates;
}

std::vector<std::string> closed_gates(const Json& gates, const Json& figures, const std::string& from,
                                      const std::string& to) {
  std::vector<std::string> closed;
  const Json values = member_or(figures, "values", Json::object());
  for (const auto& [stage, list] : gates.items()) {
    if (stage_rank(stage) <= stage_rank(from) || stage_rank(stage) > stage_rank(to)) continue;
    for (const Json& gate : list) {
      const std::string figure = gate.at("figure").get<std::string>();
      const auto found = values.find(figure);
      if (found == values.end()) {
        closed.push_back(stage + ": there is no figure " + figure);
        continue;
      }
      const double value = number_of(*found);
      const auto miss = [&](const char* bound, const char* words) {
        closed.push_back(stage + ": " + figure + " is " + found->get<std::string>() + ", wanted at " +
                         words + " " + gate.at(bound).get<std::string>());
      };
      if (gate.contains("at_most") && !(value <= number_of(gate.at("at_most")))) miss("at_most", "most");
      if (gate.contains("at_least") && !(value >= number_of(gate.at("at_least"))))
        miss("at_least", "least");
    }
  }
  return closed;
}

}  // namespace guardrank::publish
