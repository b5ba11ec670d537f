#include "models/audit/table.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "models/pack/documents/csv.h"
#include "models/pack/pack_error.h"

namespace guardrank::audit {
namespace {

using pack::PackError;

constexpr double missing = std::numeric_limits<double>::quiet_NaN();

std::vector<std::string> read_header(pack::CsvReader* reader, const std::string& what) {
  std::vector<std::string_view> fields;
  if (!reader->next(&fields)) throw PackError(Status::column, what, "empty: wanted a header");
  std::vector<std::string> names;
  for (std::string_view field : fields) {
    if (std::find(names.begin(), names.end(), field) != names.end())
      throw PackError(Status::duplicate, what,
                      "column \"" + std::string(field) + "\" stands twice");
    names.emplace_back(field);
  }
  return names;
}

std::string listed(const std::vector<std::string>& names) {
  constexpr std::size_t most = 40;
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), most); ++i)
    text += (i == 0 ? "" : ", ") + names[i];
  return names.size() > most ? text + ", ..." : text;
}

std::size_t place_of(const std::vector<std::string>& header, const std::string& name,
                     const std::string& what) {
  const auto found = std::find(header.begin(), header.end(), name);
  if (found == header.end())
    throw PackError(Status::column, what,
                    "no column \"" + name + "\"; it has " + listed(header));
  return static_cast<std::size_t>(found - header.begin());
}

}  // namespace

bool parse_finite(std::string_view text, double* number) {
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), *number);
  return code == std::errc() && end == text.data() + text.size() && std::isfinite(*number);
}

bool has_column(std::string_view csv, const std::string& what, const std::string& column) {
  pack::CsvReader reader(csv);
  const std::vector<std::string> header = read_header(&reader, what);
  return std::find(header.begin(), header.end(), column) != header.end();
}

Table Table::read(std::string_view csv, const std::string& what,
                  std::span<const std::string> wanted) {
  Table table;
  table.what_ = what;
  try {
    pack::CsvReader reader(csv);
    const std::vector<std::string> header = read_header(&reader, what);
    std::vector<std::pair<std::size_t, std::vector<std::string>*>> kept;
    for (const std::string& name : wanted) {
      if (!table.columns_.contains(name))
        kept.emplace_back(place_of(header, name, what), &table.columns_[name]);
    }
    for (std::vector<std::string_view> fields; reader.next(&fields); ++table.n_rows_) {
      if (fields.size() != header.size())
        throw PackError(Status::column, table.place(table.n_rows_),
                        "wanted " + std::to_string(header.size()) + " fields, found " +
                            std::to_string(fields.size()));
      for (const auto& [place, cells] : kept) cells->emplace_back(fields[place]);
    }
  } catch (const PackError& problem) {
    if (problem.where().starts_with("row")) throw problem.within(what);
    throw;
  }
  if (table.n_rows_ == 0) throw PackError(Status::column, what, "no rows below the header");
  return table;
}

std::string Table::place(std::size_t row) const {
  return what_ + ", row " + std::to_string(row + 2);
}

std::string Table::place(std::size_t row, const std::string& column) const {
  return place(row) + ", column " + column;
}

std::vector<double> Table::numbers(const std::string& name, bool allows_missing) const {
  const std::vector<std::string>& cells = column(name);
  std::vector<double> numbers(cells.size(), missing);
  for (std::size_t row = 0; row < cells.size(); ++row) {
    if (cells[row].empty()) {
      if (allows_missing) continue;
      throw PackError(Status::missing, place(row, name),
                      "blank; rows with missing values are left out with --allow-missing");
    }
    if (!parse_finite(cells[row], &numbers[row]))
      throw PackError(Status::not_finite, place(row, name),
                      "wanted a finite number, found \"" + cells[row].substr(0, 40) + "\"");
  }
  return numbers;
}

}  // namespace guardrank::audit
