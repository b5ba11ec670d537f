#include "models/audit/population.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>
#include <unordered_map>

#include "models/pack/metrics/metrics.h"
#include "models/pack/pack_error.h"

namespace guardrank::audit {
namespace {

using pack::PackError;

constexpr std::size_t max_groups = 100;

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

std::vector<std::string> wanted_columns(const PopulationChoice& choice, bool has_groups_file) {
  std::vector<std::string> wanted;
  for (const std::string* name : {&choice.outcome, &choice.score, &choice.weight, &choice.position,
                                  &choice.list}) {
    if (!name->empty()) wanted.push_back(*name);
  }
  if (has_groups_file) wanted.push_back(choice.key);
  else for (const GroupChoice& group : choice.groups) wanted.push_back(group.column);
  for (const std::string& name : choice.alternatives.features) wanted.push_back(name);
  return wanted;
}

// 1, true and yes are favorable where no value is named; 0, false and no are not.
Outcome read_flag(std::string text, const std::string& place) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  double number = 0;
  if (text == "true" || text == "yes" || (parse_finite(text, &number) && number == 1))
    return Outcome::favorable;
  if (text == "false" || text == "no" || (parse_finite(text, &number) && number == 0))
    return Outcome::unfavorable;
  throw PackError(Status::type, place,
                  "wanted 0 or 1, found \"" + text.substr(0, 40) +
                      "\"; name the favorable value as --outcome COLUMN=VALUE");
}

std::vector<Outcome> read_outcomes(const Table& table, const PopulationChoice& choice) {
  std::vector<Outcome> outcomes;
  const std::vector<std::string>& cells = table.column(choice.outcome);
  std::size_t n_favorable = 0;
  for (std::size_t row = 0; row < cells.size(); ++row) {
    const std::string place = cells[row].empty() || choice.outcome_value.empty()
                                  ? table.place(row, choice.outcome) : "";
    if (cells[row].empty() && !choice.allows_missing)
      throw PackError(Status::missing, place,
                      "blank; rows with missing values are left out with --allow-missing");
    if (cells[row].empty()) outcomes.push_back(Outcome::missing);
    else if (choice.outcome_value.empty()) outcomes.push_back(read_flag(cells[row], place));
    else outcomes.push_back(cells[row] == choice.outcome_value ? Outcome::favorable
                                                               : Outcome::unfavorable);
    n_favorable += outcomes.back() == Outcome::favorable ? 1 : 0;
  }
  if (n_favorable == 0)
    throw PackError(Status::argument, "population, column " + choice.outcome,
                    "no row has the favorable outcome" +
                        (choice.outcome_value.empty() ? "" : " \"" + choice.outcome_value + "\""));
  return outcomes;
}

std::vector<double> read_weights(const Table& table, const std::string& column) {
  std::vector<double> weights = table.numbers(column, false);
  for (std::size_t row = 0; row < weights.size(); ++row) {
    if (weights[row] < 0)
      throw PackError(Status::type, table.place(row, column), "a weight below 0");
  }
  return weights;
}

std::vector<double> read_exposures(const Table& table, const PopulationChoice& choice) {
  std::vector<double> values = table.numbers(choice.position, choice.allows_missing);
  for (std::size_t row = 0; row < values.size(); ++row) {
    if (std::isnan(values[row])) continue;
    if (values[row] < 1 || values[row] != std::floor(values[row]))
      throw PackError(Status::type, table.place(row, choice.position),
                      "wanted a position: a whole number from 1");
    values[row] = pack::position_discount(values[row]);
  }
  return values;
}

std::vector<std::uint32_t> read_lists(const std::vector<std::string>& cells) {
  std::unordered_map<std::string, std::uint32_t> known;
  std::vector<std::uint32_t> lists;
  for (const std::string& cell : cells)
    lists.push_back(known.emplace(cell, static_cast<std::uint32_t>(known.size())).first->second);
  return lists;
}

void read_attributes(std::string_view groups, const PopulationChoice& choice,
                     Population* population) {
  if (groups.empty()) {
    for (const GroupChoice& group : choice.groups)
      population->attributes.push_back(
          make_attribute(group, population->table.column(group.column)));
    return;
  }
  std::vector<std::string> wanted = {choice.key};
  for (const GroupChoice& group : choice.groups) wanted.push_back(group.column);
  const Table table = Table::read(groups, "groups", wanted);
  const std::vector<std::size_t> rows =
      join(population->table.column(choice.key), table, choice.key);
  population->n_unmatched =
      static_cast<std::uint64_t>(std::count(rows.begin(), rows.end(), SIZE_MAX));
  for (const GroupChoice& group : choice.groups) {
    std::vector<std::string> cells;
    for (std::size_t row : rows)
      cells.push_back(row == SIZE_MAX ? "" : table.column(group.column)[row]);
    population->attributes.push_back(make_attribute(group, cells));
  }
}

}  // namespace

Attribute make_attribute(const GroupChoice& choice, const std::vector<std::string>& cells) {
  Attribute attribute;
  attribute.name = choice.column;
  std::map<std::string, std::uint32_t> codes;
  for (const std::string& cell : cells) {
    if (!cell.empty()) codes.emplace(cell, 0);
    if (codes.size() > max_groups)
      throw PackError(Status::limit, "groups, column " + choice.column,
                      "more than " + std::to_string(max_groups) +
                          " different values: not a column of groups");
  }
  for (auto& [name, code] : codes) {
    code = static_cast<std::uint32_t>(attribute.groups.size());
    attribute.groups.push_back(name);
  }
  if (attribute.groups.size() < 2)
    throw PackError(Status::argument, "groups, column " + choice.column,
                    attribute.groups.empty() ? "every row is blank"
                                             : "every row is in one group, " + attribute.groups[0]);
  for (const std::string& cell : cells)
    attribute.codes.push_back(cell.empty() ? no_group : codes.at(cell));
  if (choice.reference.empty()) return attribute;
  const auto found = codes.find(choice.reference);
  if (found == codes.end())
    throw PackError(Status::argument, "groups, column " + choice.column,
                    "no row is in the reference group \"" + choice.reference +
                        "\"; its groups are " + listed(attribute.groups));
  attribute.reference = found->second;
  return attribute;
}

std::uint32_t code_of(const Attribute& attribute, const std::string& group) {
  const auto at = std::find(attribute.groups.begin(), attribute.groups.end(), group);
  return static_cast<std::uint32_t>(at - attribute.groups.begin());
}

std::vector<std::size_t> join(const std::vector<std::string>& keys, const Table& table,
                              const std::string& column) {
  std::unordered_map<std::string_view, std::size_t> rows;
  const std::vector<std::string>& known = table.column(column);
  for (std::size_t row = 0; row < known.size(); ++row) {
    if (!rows.emplace(known[row], row).second)
      throw PackError(Status::duplicate, table.place(row, column),
                      "the key \"" + known[row].substr(0, 60) + "\" stands twice");
  }
  std::vector<std::size_t> joined;
  bool has_found = false;
  for (const std::string& key : keys) {
    const auto found = rows.find(key);
    joined.push_back(found == rows.end() ? SIZE_MAX : found->second);
    has_found |= found != rows.end();
  }
  if (!has_found)
    throw PackError(Status::argument, "groups, column " + column,
                    "no key is the same as in what is audited" +
                        (keys.empty() || known.empty()
                             ? std::string()
                             : ": there the first is \"" + keys[0].substr(0, 60) +
                                   "\", here \"" + known[0].substr(0, 60) + "\""));
  return joined;
}

Population read_population(std::string_view population, std::string_view groups,
                           const PopulationChoice& choice) {
  if (!groups.empty() && choice.key.empty())
    throw PackError(Status::argument, "specification.key",
                    "a groups file needs the column that joins it");
  Population read;
  read.table = Table::read(population, "population", wanted_columns(choice, !groups.empty()));
  read.n_rows = read.table.n_rows();
  if (!choice.weight.empty()) read.weights = read_weights(read.table, choice.weight);
  if (!choice.outcome.empty()) read.outcomes = read_outcomes(read.table, choice);
  if (!choice.score.empty())
    read.scores = read.table.numbers(choice.score, choice.allows_missing);
  if (!choice.position.empty()) read.exposures = read_exposures(read.table, choice);
  if (!choice.list.empty()) read.lists = read_lists(read.table.column(choice.list));
  read_attributes(groups, choice, &read);
  return read;
}

}  // namespace guardrank::audit
