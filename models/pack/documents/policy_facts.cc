#include <algorithm>
#include <limits>

#include "core/base/limits.h"
#include "core/frame/fact_path.h"
#include "models/pack/documents/policy_reader.h"

namespace guardrank::pack {
namespace {

constexpr std::pair<std::string_view, FactType> type_names[] = {
    {"double", FactType::f64},       {"int", FactType::i64},
    {"bool", FactType::boolean},     {"string", FactType::string},
    {"timestamp", FactType::timestamp}, {"list(string)", FactType::string_list},
};

FactType read_type(const DocumentNode& node) {
  for (const auto& [name, type] : type_names)
    if (node.text() == name) return type;
  node.refuse(Status::argument,
              "wanted double, int, bool, string, timestamp or list(string), found \"" +
                  std::string(node.text()) + "\"");
}

template <typename T>
const T* keep(const T& value, Memory* memory) {
  std::span<T> one = memory->make<T>(1);
  one[0] = value;
  return one.data();
}

void read_list(const DocumentNode& node, Memory* memory, Column* column) {
  std::vector<std::string_view> texts;
  for (const DocumentNode& item : node.items(limits::list_elements)) texts.push_back(item.text());
  column->strings = memory->copy(texts).data();
  column->list_offsets =
      memory->copy(std::vector<std::uint32_t>{0, static_cast<std::uint32_t>(texts.size())}).data();
}

Column read_default(const DocumentNode& node, FactType type, Memory* memory) {
  Column column;
  column.type = type;
  column.n_rows = 1;
  switch (type) {
    case FactType::f64: column.numbers = keep(node.number(), memory); break;
    case FactType::i64: column.integers = keep(node.integer(), memory); break;
    case FactType::boolean:
      column.booleans = keep<std::uint8_t>(node.boolean() ? 1 : 0, memory);
      break;
    case FactType::string: column.strings = keep(node.text(), memory); break;
    case FactType::timestamp: column.integers = keep(node.timestamp(), memory); break;
    case FactType::string_list: read_list(node, memory, &column); break;
    case FactType::f32_vector: node.refuse(Status::type, "a vector has no default");
  }
  return column;
}

Fact read_fact(const DocumentNode& node, Memory* memory) {
  node.allow({"type", "default", "override", "protected", "missing", "code", "text",
              "adverse_action"});
  const FactName name = read_fact_name(node, node.key());
  Fact fact;
  fact.space = name.space;
  fact.name = name.name;
  fact.type = read_type(node.at("type"));
  fact.is_declared = true;
  if (is_offer_id(fact) && fact.type != FactType::string)
    node.at("type").refuse(Status::type, "wanted string: it is the offer's id");
  if (const auto is_protected = node.maybe("protected"))
    fact.is_protected = is_protected->boolean();
  if (const auto may_override = node.maybe("override"))
    fact.may_override = may_override->boolean();
  if (const auto fallback = node.maybe("default"))
    fact.fallback = read_default(*fallback, fact.type, memory);
  if (const auto missing = node.maybe("missing")) {
    fact.may_be_missing = missing->boolean();
    if (!fact.may_be_missing && fact.fallback.n_rows != 0)
      missing->refuse(Status::argument, "with a default it is never missing");
  }
  fact.reason_code = text_or(node, "code");
  fact.reason_text = text_or(node, "text");
  fact.adverse_action = text_or(node, "adverse_action");
  return fact;
}

Parameter read_parameter(const DocumentNode& node) {
  node.allow({"value", "min", "max", "owner", "experiment"});
  check_identifier(node, node.key());
  Parameter parameter;
  parameter.name = node.key();
  parameter.minimum = number_or(node, "min", -std::numeric_limits<double>::infinity());
  parameter.maximum = number_or(node, "max", std::numeric_limits<double>::infinity());
  parameter.value = node.at("value").number();
  if (parameter.value < parameter.minimum || parameter.value > parameter.maximum)
    node.at("value").refuse(Status::argument, "the value is outside min and max");
  parameter.owner = text_or(node, "owner");
  parameter.experiment = text_or(node, "experiment");
  return parameter;
}

bool is_identifier(std::string_view name) {
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  return !name.empty() && is_letter(name[0]) && std::all_of(name.begin(), name.end(), [&](char c) {
    return is_letter(c) || (c >= '0' && c <= '9');
  });
}

// The offer's id is a fact that nobody has to declare (contracts.md 1); it stands in the artifact of a policy that
// names it.
void add_offer_id(std::string_view document_text, std::vector<Fact>* facts) {
  if (document_text.find("offer.offer_id") == std::string_view::npos) return;
  if (std::any_of(facts->begin(), facts->end(), is_offer_id)) return;
  facts->push_back(fact_of(Namespace::candidate, FactType::string, offer_id_name, true));
}

}  // namespace

void UniqueNames::add(const DocumentNode& node, std::string_view name) {
  if (!seen_.insert(std::string(name)).second)
    node.refuse(Status::duplicate, "\"" + std::string(name) + "\" stands twice");
}

void check_identifier(const DocumentNode& node, std::string_view name) {
  if (!is_identifier(name))
    node.refuse(Status::name, "\"" + std::string(name) +
                                  "\" is no name: wanted letters, digits and _");
}

FactName read_fact_name(const DocumentNode& node, std::string_view text) {
  const std::size_t dot = text.find('.');
  const std::string_view space = text.substr(0, dot);
  const std::string_view name = dot == std::string_view::npos ? "" : text.substr(dot + 1);
  for (const Namespace known : {Namespace::context, Namespace::candidate, Namespace::pair}) {
    if (space != namespace_name(known)) continue;
    check_identifier(node, name);
    return {known, name};
  }
  node.refuse(Status::name, "\"" + std::string(text) +
                                "\": wanted a fact of ctx, offer or pair (\"ctx.age\")");
}

std::string_view read_fact_of(const DocumentNode& node, Namespace space) {
  const FactName fact = read_fact_name(node, node.text());
  if (fact.space != space)
    node.refuse(Status::name, "wanted a fact of " + std::string(namespace_name(space)));
  return fact.name;
}

std::span<const Fact> read_facts(const DocumentNode& document, std::string_view document_text,
                                 Memory* memory) {
  std::vector<Fact> facts;
  if (const auto all = document.maybe("facts"))
    for (const DocumentNode& node : all->members(limits::facts))
      facts.push_back(read_fact(node, memory));
  add_offer_id(document_text, &facts);
  return memory->copy(facts);
}

std::span<const Parameter> read_parameters(const DocumentNode& document, Memory* memory) {
  std::vector<Parameter> parameters;
  if (const auto all = document.maybe("parameters"))
    for (const DocumentNode& node : all->members(limits::parameters))
      parameters.push_back(read_parameter(node));
  return memory->copy(parameters);
}

}  // namespace guardrank::pack
