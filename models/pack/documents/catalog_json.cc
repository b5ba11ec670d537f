#include <cmath>

#include "core/base/limits.h"
#include "models/pack/documents/catalog_builder.h"
#include "models/pack/documents/document_node.h"

namespace guardrank::pack {
namespace {

std::vector<float> read_vector(const DocumentNode& node, std::uint32_t width) {
  std::vector<float> floats;
  for (const DocumentNode& item : node.items(limits::vector_width)) {
    floats.push_back(static_cast<float>(item.number()));
    if (!std::isfinite(floats.back())) item.refuse(Status::not_finite, "too large for a float");
  }
  if (floats.size() != width)
    node.refuse(Status::type, "wanted " + std::to_string(width) + " numbers, found " +
                                  std::to_string(floats.size()));
  return floats;
}

void set_fact(const DocumentNode& node, const Fact& fact, CatalogBuilder* builder) {
  Value value;
  value.type = fact.type;
  value.is_missing = false;
  std::vector<std::string_view> strings;
  std::vector<float> floats;
  switch (fact.type) {
    case FactType::f64: value.number = node.number(); break;
    case FactType::i64: value.integer = node.integer(); break;
    case FactType::boolean: value.boolean = node.boolean(); break;
    case FactType::string: value.string = node.text(); break;
    case FactType::timestamp: value.integer = node.timestamp(); break;
    case FactType::string_list:
      for (const DocumentNode& item : node.items(limits::list_elements))
        strings.push_back(item.text());
      value.strings = strings;
      break;
    case FactType::f32_vector:
      floats = read_vector(node, fact.width);
      value.floats = floats;
      break;
  }
  builder->set(fact, value, node.path());
}

void read_offer(const DocumentNode& node, CatalogBuilder* builder) {
  node.allow({"offer", "valid_from", "valid_to", "facts"});
  const DocumentNode id = node.at("offer");
  builder->add_offer(id.text(), id.path());
  if (const auto from = node.maybe("valid_from")) builder->set_valid_from(from->timestamp());
  if (const auto to = node.maybe("valid_to")) builder->set_valid_to(to->timestamp());
  builder->check_validity(node.path() + ".valid_to");
  const auto facts = node.maybe("facts");
  if (!facts) return;
  for (const DocumentNode& member : facts->members(limits::facts)) {
    const Fact* fact = builder->find_fact(member.key());
    if (fact == nullptr)
      member.refuse(Status::column, CatalogBuilder::why_no_fact(member.key()));
    if (!member.is_null()) set_fact(member, *fact, builder);
  }
}

}  // namespace

void read_catalog_json(std::string_view text, CatalogBuilder* builder) {
  const DocumentNode root = parse_json_tree(text, &builder->memory());
  root.allow({"format", "name", "version", "unlisted", "offers"});
  root.at("format").natural(1, 1);
  if (const auto name = root.maybe("name")) builder->set_name(name->name());
  if (const auto version = root.maybe("version")) builder->set_version(version->name());
  if (const auto unlisted = root.maybe("unlisted"); unlisted && unlisted->boolean())
    builder->allow_unlisted();
  for (const DocumentNode& offer : root.at("offers").items(limits::offers))
    read_offer(offer, builder);
}

}  // namespace guardrank::pack
