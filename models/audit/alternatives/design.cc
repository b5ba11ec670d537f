#include "models/audit/alternatives/design.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "models/pack/pack_error.h"

namespace guardrank::audit {
namespace {

constexpr std::size_t max_values_without_hinges = 10;
constexpr std::size_t max_text_values = 50;

using Columns = std::vector<std::vector<double>>;

// Mean 0 and standard deviation 1; left out when it never varies.
void add_column(std::vector<double> column, Columns* columns) {
  const auto n = static_cast<double>(column.size());
  double sum = 0, squares = 0;
  for (double value : column) sum += value;
  for (double value : column) squares += (value - sum / n) * (value - sum / n);
  const double deviation = std::sqrt(squares / n);
  if (!(deviation > 0)) return;
  for (double& value : column) value = (value - sum / n) / deviation;
  columns->push_back(std::move(column));
}

// Numbers, NaN where blank; empty when a cell is no number.
std::vector<double> as_numbers(const std::vector<std::string>& cells) {
  std::vector<double> numbers(cells.size(), std::numeric_limits<double>::quiet_NaN());
  for (std::size_t row = 0; row < cells.size(); ++row) {
    if (!cells[row].empty() && !parse_finite(cells[row], &numbers[row])) return {};
  }
  return numbers;
}

// The quartiles of values with many different ones.
std::vector<double> hinges_of(std::vector<double> known) {
  std::sort(known.begin(), known.end());
  std::vector<double> hinges;
  for (std::size_t quarter = 1; quarter < 4; ++quarter) {
    const double at = known[known.size() * quarter / 4];
    if (at > known.front() && at < known.back() && (hinges.empty() || at > hinges.back()))
      hinges.push_back(at);
  }
  const std::size_t n_values = static_cast<std::size_t>(
      std::unique(known.begin(), known.end()) - known.begin());
  return n_values > max_values_without_hinges ? hinges : std::vector<double>();
}

void add_number(const std::vector<double>& numbers, Columns* columns) {
  std::vector<double> known;
  for (double number : numbers) if (!std::isnan(number)) known.push_back(number);
  if (known.empty()) return;
  double mean = 0;
  for (double number : known) mean += number / static_cast<double>(known.size());
  std::vector<double> filled, is_missing;
  for (double number : numbers) {
    filled.push_back(std::isnan(number) ? mean : number);
    is_missing.push_back(std::isnan(number) ? 1 : 0);
  }
  add_column(filled, columns);
  for (double hinge : hinges_of(known)) {
    std::vector<double> above;
    for (double number : filled) above.push_back(std::max(0.0, number - hinge));
    add_column(std::move(above), columns);
  }
  add_column(std::move(is_missing), columns);
}

void add_text(const std::string& name, const std::vector<std::string>& cells, Columns* columns) {
  std::map<std::string, std::size_t> values;
  for (const std::string& cell : cells) {
    values.emplace(cell, 0);
    if (values.size() > max_text_values)
      throw pack::PackError(Status::limit, "population, column " + name,
                            "a text feature with more than " + std::to_string(max_text_values) +
                                " values: group them, or leave it out");
  }
  for (const auto& [value, unused] : values) {
    std::vector<double> column;
    for (const std::string& cell : cells) column.push_back(cell == value ? 1 : 0);
    add_column(std::move(column), columns);
  }
}

}  // namespace

Design make_design(const Table& table, std::span<const std::string> features) {
  Design design;
  design.n_rows = table.n_rows();
  Columns columns;
  for (const std::string& name : features) {
    const std::size_t first = columns.size();
    const std::vector<std::string>& cells = table.column(name);
    const std::vector<double> numbers = as_numbers(cells);
    if (numbers.empty()) add_text(name, cells, &columns);
    else add_number(numbers, &columns);
    if (columns.size() == first)
      throw pack::PackError(Status::argument, "population, column " + name,
                            "a feature that never varies");
    design.features.push_back({name, !numbers.empty(), first, columns.size() - first});
  }
  design.n_columns = columns.size();
  design.values.reserve(design.n_rows * design.n_columns);
  for (std::size_t row = 0; row < design.n_rows; ++row)
    for (const auto& column : columns) design.values.push_back(column[row]);
  return design;
}

}  // namespace guardrank::audit
