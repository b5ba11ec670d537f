#include "bindings/shell/report_text.h"

#include <cstdio>

#include "bindings/shell/table.h"

namespace guardrank::shell {
namespace {

using Json = nlohmann::ordered_json;

std::string cell(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_number_float()) return value.dump();
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", value.get<double>());
  return text;
}

bool is_all_objects(const Json& value) {
  if (!value.is_structured() || value.empty()) return false;
  for (const Json& item : value) {
    if (!item.is_object()) return false;
  }
  return true;
}

// One row per member; columns are the simple members of the first, in its order.
std::string table_text(const std::string& name, const Json& rows) {
  std::vector<Table::Heading> headings = {{name}};
  const Json& first = rows.front();
  for (const auto& [column, value] : first.items()) {
    if (!value.is_structured()) headings.push_back({column, Table::Align::right});
  }
  Table table(headings);
  for (const auto& [row, values] : rows.items()) {
    std::vector<std::string> cells = {rows.is_array() ? std::string() : row};
    for (std::size_t c = 1; c < headings.size(); ++c) {
      const auto found = values.find(headings[c].title);
      cells.push_back(found == values.end() ? std::string() : cell(*found));
    }
    table.add(cells);
  }
  return table.text(terminal_width());
}

void append(const std::string& path, const Json& value, std::string* text) {
  if (is_all_objects(value)) {
    *text += table_text(path, value) + "\n";
  } else if (value.is_object()) {
    for (const auto& [key, member] : value.items()) {
      append(path.empty() ? key : path + "." + key, member, text);
    }
  } else {
    *text += printable(path + ": " + cell(value)) + "\n";
  }
}

}  // namespace

std::string report_text(const Json& report) {
  std::string text;
  for (const auto& [key, member] : report.items()) append(key, member, &text);
  return text;
}

}  // namespace guardrank::shell
