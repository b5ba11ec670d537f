#include <algorithm>
#include <cmath>

#include "core/base/limits.h"
#include "core/base/number_text.h"
#include "core/base/utf8.h"
#include "models/pack/documents/catalog_builder.h"
#include "models/pack/documents/csv.h"
#include "models/pack/documents/document_node.h"
#include "models/pack/pack_error.h"

namespace guardrank::pack {
namespace {

enum class Role { offer, valid_from, valid_to, fact };

struct Heading {
  Role role = Role::fact;
  std::string_view name;                 // as the header says it
  const Fact* fact = nullptr;
};

// One cell, and where it stands for messages.
struct Cell {
  std::size_t row = 0;
  std::string_view column;
  std::string_view text;

  std::string where() const {
    return "row " + std::to_string(row) + ", column " + std::string(column);
  }
  [[noreturn]] void wanted(std::string_view expected) const {
    throw PackError(Status::type, where(),
                    "wanted " + std::string(expected) + ", found \"" +
                        std::string(text.substr(0, utf8_cut(text, 64))) + "\"");
  }
};

std::vector<std::string_view> split(const Cell& cell) {
  std::vector<std::string_view> elements;
  std::string_view rest = cell.text;
  while (true) {
    const std::size_t bar = rest.find('|');
    elements.push_back(rest.substr(0, bar));
    if (elements.back().empty()) cell.wanted("elements between \"|\" that are not empty");
    if (bar == std::string_view::npos) return elements;
    rest.remove_prefix(bar + 1);
  }
}

std::int64_t parse_time(const Cell& cell) {
  std::int64_t micros = 0;
  if (!parse_timestamp(cell.text, &micros)) cell.wanted("a time as RFC 3339 or a date");
  return micros;
}

bool parse_boolean(const Cell& cell) {
  if (cell.text != "true" && cell.text != "false") cell.wanted("true or false");
  return cell.text == "true";
}

std::vector<float> parse_vector(const Cell& cell, std::uint32_t width) {
  std::vector<float> floats;
  for (const std::string_view element : split(cell)) {
    double number = 0;
    if (!parse_double(element, &number) || !std::isfinite(static_cast<float>(number)))
      cell.wanted("numbers separated by \"|\"");
    floats.push_back(static_cast<float>(number));
  }
  if (floats.size() != width) cell.wanted(std::to_string(width) + " numbers");
  return floats;
}

void set_cell(const Cell& cell, const Fact& fact, CatalogBuilder* builder) {
  Value value;
  value.type = fact.type;
  value.is_missing = false;
  std::vector<std::string_view> strings;
  std::vector<float> floats;
  switch (fact.type) {
    case FactType::f64:
      if (!parse_double(cell.text, &value.number)) cell.wanted("a number");
      break;
    case FactType::i64:
      if (!parse_whole(cell.text, &value.integer)) cell.wanted("a whole number from -2^63 to 2^63 - 1");
      break;
    case FactType::boolean: value.boolean = parse_boolean(cell); break;
    case FactType::string: value.string = cell.text; break;
    case FactType::timestamp: value.integer = parse_time(cell); break;
    case FactType::string_list:
      strings = split(cell);
      value.strings = strings;
      break;
    case FactType::f32_vector:
      floats = parse_vector(cell, fact.width);
      value.floats = floats;
      break;
  }
  builder->set(fact, value, cell.where());
}

Heading read_heading(std::string_view name, const CatalogBuilder& builder) {
  if (name == "offer") return {Role::offer, name};
  if (name == "valid_from") return {Role::valid_from, name};
  if (name == "valid_to") return {Role::valid_to, name};
  Heading heading{Role::fact, name};
  const std::string_view fact = name.starts_with("offer.") ? name.substr(6) : name;
  if (fact.size() < name.size()) heading.fact = builder.find_fact(fact);
  if (heading.fact == nullptr)
    throw PackError(Status::column, "column " + std::string(name),
                    CatalogBuilder::why_no_fact(fact) + "; wanted offer, valid_from, valid_to or offer.<fact>");
  return heading;
}

std::vector<Heading> read_header(CsvReader* csv, CatalogBuilder* builder) {
  std::vector<std::string_view> names;
  if (!csv->next(&names)) throw PackError(Status::column, "row 1", "wanted a header line");
  std::vector<Heading> headings;
  for (const std::string_view name : names) {
    const std::string_view kept = builder->memory().text(name);
    for (const Heading& before : headings)
      if (before.name == kept)
        throw PackError(Status::column, "column " + std::string(kept), "the column stands twice");
    headings.push_back(read_heading(kept, *builder));
    if (headings.back().fact != nullptr) builder->declare(*headings.back().fact);
  }
  const auto is_offer = [](const Heading& heading) { return heading.role == Role::offer; };
  if (std::none_of(headings.begin(), headings.end(), is_offer))
    throw PackError(Status::column, "column offer", "the column is missing");
  return headings;
}

void set_row(const std::vector<Heading>& headings, const std::vector<std::string_view>& fields,
             std::size_t row, CatalogBuilder* builder) {
  for (std::size_t i = 0; i < headings.size(); ++i)
    if (headings[i].role == Role::offer)
      builder->add_offer(fields[i], Cell{row, headings[i].name, fields[i]}.where());
  for (std::size_t i = 0; i < headings.size(); ++i) {
    const Cell cell{row, headings[i].name, fields[i]};
    if (cell.text.empty() || headings[i].role == Role::offer) continue;
    switch (headings[i].role) {
      case Role::valid_from: builder->set_valid_from(parse_time(cell)); break;
      case Role::valid_to: builder->set_valid_to(parse_time(cell)); break;
      default: set_cell(cell, *headings[i].fact, builder);
    }
  }
  builder->check_validity(Cell{row, "valid_to", {}}.where());
}

}  // namespace

void read_catalog_csv(std::string_view text, CatalogBuilder* builder) {
  CsvReader csv(text);
  const std::vector<Heading> headings = read_header(&csv, builder);
  std::vector<std::string_view> fields;
  while (csv.next(&fields)) {
    if (fields.size() != headings.size())
      throw PackError(Status::column, "row " + std::to_string(csv.row()),
                      "wanted " + std::to_string(headings.size()) + " fields, found " +
                          std::to_string(fields.size()));
    set_row(headings, fields, csv.row(), builder);
  }
}

}  // namespace guardrank::pack
