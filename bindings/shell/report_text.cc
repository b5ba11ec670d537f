#include "bindings/shell/report_text.h"

#include <algorithm>
#include <cstdio>
#include <map>

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

// The simple values below `value`, by dotted name.
void flatten(const std::string& path, const Json& value, std::map<std::string, std::string>* cells,
             std::vector<std::string>* order) {
  if (!value.is_object()) {
    if (value.is_array()) return;
    if (std::find(order->begin(), order->end(), path) == order->end()) order->push_back(path);
    (*cells)[path] = cell(value);
    return;
  }
  for (const auto& [key, member] : value.items()) {
    flatten(path.empty() ? key : path + "." + key, member, cells, order);
  }
}

// One line per value, one column per row: a report has few rows and many figures.
std::string table_text(const std::string& name, const Json& rows) {
  std::vector<Table::Heading> headings = {{name}};
  std::vector<std::string> order;
  std::vector<std::map<std::string, std::string>> columns;
  for (const auto& [key, row] : rows.items()) {
    flatten("", row, &columns.emplace_back(), &order);
    const std::string label = row.value("name", key);
    headings.push_back({printable(label), Table::Align::right});
  }
  Table table(headings);
  for (const std::string& figure : order) {
    if (figure == "name") continue;
    std::vector<std::string> cells = {figure};
    for (auto& column : columns) cells.push_back(column[figure]);
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
