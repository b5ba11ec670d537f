// "fields" of model.json, and the order in which the engine keeps them.
#include <algorithm>
#include <charconv>
#include <numeric>
#include <tuple>
#include <unordered_set>

#include "core/base/limits.h"
#include "models/pack/pack_error.h"
#include "models/pack/weights/model_json.h"
#include "models/pack/weights/transforms.h"

namespace guardrank::pack {
namespace {

void read_type(const JsonNode& node, Field* field) {
  const std::string_view text = node.text();
  constexpr std::pair<std::string_view, FactType> types[] = {{"f64", FactType::f64},
                                                             {"i64", FactType::i64},
                                                             {"bool", FactType::boolean},
                                                             {"string", FactType::string},
                                                             {"timestamp", FactType::timestamp},
                                                             {"string[]", FactType::string_list}};
  for (const auto& [name, type] : types) {
    if (name == text) {
      field->type = type;
      return;
    }
  }
  constexpr std::string_view expected = "f64, i64, bool, string, timestamp, string[] or f32[n]";
  if (text.size() < 6 || text.substr(0, 4) != "f32[" || text.back() != ']') node.wanted(expected);
  const std::string_view digits = text.substr(4, text.size() - 5);
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), field->width);
  if (result.ptr != digits.data() + digits.size() || digits.front() == '0') node.wanted(expected);
  if (result.ec != std::errc() || field->width > limits::vector_width)
    throw PackError(Status::limit, node.where(),
                    "wanted a width of at most " + std::to_string(limits::vector_width));
  field->type = FactType::f32_vector;
}

Side read_side(const JsonNode& node) {
  const std::string_view text = node.text();
  if (text == "context") return Side::context;
  if (text == "candidate") return Side::candidate;
  if (text == "pair") return Side::pair;
  node.wanted("context, candidate or pair");
}

bool read_flag(const JsonNode& node, std::string_view member, std::string_view wanted) {
  const auto flag = node.maybe(member);
  if (!flag) return false;
  if (flag->text() != wanted) flag->wanted(std::string("\"") + std::string(wanted) + "\"");
  return true;
}

void read_transforms(const JsonNode& node, Field* field, Memory* memory) {
  std::vector<Transform> transforms;
  FactType type = field->type;
  const std::vector<JsonNode> items = node.items(limits::transforms_per_field);
  for (const JsonNode& item : items) {
    if (!transforms.empty() && code_count(transforms.back()) != 0)
      item.refuse("nothing may follow an op that gives codes");
    transforms.push_back(read_transform(item, type, memory));
    type = type_after(transforms.back(), type);
  }
  field->transforms = memory->copy(transforms);
}

void read_inputs(const JsonNode& node, Field* field, Memory* memory) {
  const bool is_cross =
      !field->transforms.empty() && field->transforms.front().kind == TransformKind::cross;
  const auto inputs = node.maybe("inputs");
  if (!is_cross) {
    if (inputs) inputs->refuse("only a field whose first op is cross has inputs");
    return;
  }
  std::vector<std::string_view> names;
  for (std::string_view name : node.at("inputs").names(limits::cross_inputs))
    names.push_back(memory->text(name));
  if (names.size() < 2) node.at("inputs").refuse("wanted at least two inputs");
  field->inputs = memory->copy(names);
}

void read_embedding(const JsonNode& node, Field* field) {
  if (node.maybe("indicator")) node.at("indicator").refuse("only a dense field has an indicator");
  field->n_codes = field->transforms.empty() ? 0 : code_count(field->transforms.back());
  if (field->n_codes == 0)
    node.at("transforms")
        .refuse("wanted vocabulary, hash or bucketize last: an embedding needs codes");
  field->dim = node.at("dim").natural(1, limits::embedding_dim);
  const bool is_list = field->type == FactType::string_list;
  if (const auto pool = node.maybe("pool")) {
    if (!is_list) pool->refuse("only a string[] field pools");
    if (pool->text() == "mean")
      field->pooling = Pooling::mean;
    else if (pool->text() == "sum")
      field->pooling = Pooling::sum;
    else
      pool->wanted("mean or sum");
  } else if (is_list) {
    node.at("pool");
  }
}

void read_dense(const JsonNode& node, Field* field) {
  for (std::string_view member : {"dim", "pool", "feeds"}) {
    if (const auto found = node.maybe(member)) found->refuse("only an embedding has this member");
  }
  if (!field->transforms.empty() && code_count(field->transforms.back()) != 0)
    node.at("output").refuse("wanted \"embedding\": the transforms end in codes");
  if (const auto indicator = node.maybe("indicator")) field->has_indicator = indicator->boolean();
}

FieldDeclaration read_declaration(const JsonNode& node) {
  FieldDeclaration out;
  const auto text = [&](std::string_view name, std::string* value) {
    if (const auto found = node.maybe(name)) *value = found->text();
  };
  text("owner", &out.owner);
  text("event_time", &out.event_time);
  text("created_time", &out.created_time);
  text("access_tag", &out.access_tag);
  text("lineage", &out.lineage);
  if (const auto ttl = node.maybe("ttl_seconds")) out.ttl_seconds = ttl->natural(0, UINT32_MAX);
  return out;
}

Field read_field(const JsonNode& node, Memory* memory) {
  node.allow({"name", "side", "role", "type", "inputs", "transforms", "output", "indicator", "dim",
              "pool", "feeds", "owner", "event_time", "created_time", "ttl_seconds", "access_tag",
              "lineage"});
  Field field;
  field.name = memory->text(node.at("name").name());
  field.side = read_side(node.at("side"));
  if (node.maybe("inputs") && !node.maybe("type"))
    field.type = FactType::string;
  else
    read_type(node.at("type"), &field);
  field.is_module = read_flag(node, "role", "module");
  read_transforms(node.at("transforms"), &field, memory);
  read_inputs(node, &field, memory);
  const JsonNode output = node.at("output");
  if (output.text() == "embedding")
    field.output = OutputKind::embedding;
  else if (output.text() != "dense")
    output.wanted("dense or embedding");
  if (field.output == OutputKind::embedding)
    read_embedding(node, &field);
  else
    read_dense(node, &field);
  field.feeds_every_layer = read_flag(node, "feeds", "every_layer");
  return field;
}

// Blocks context, candidate, pair; in a block dense first; otherwise as the document has them.
std::vector<std::uint32_t> x_order(const std::vector<Field>& fields) {
  std::vector<std::uint32_t> order(fields.size());
  std::iota(order.begin(), order.end(), 0u);
  const auto rank = [&](std::uint32_t i) { return std::tuple(fields[i].side, fields[i].output, i); };
  std::sort(order.begin(), order.end(),
            [&](std::uint32_t a, std::uint32_t b) { return rank(a) < rank(b); });
  return order;
}

void count_inputs(const JsonNode& node, TrainedModel* model) {
  std::uint64_t inputs[3] = {0, 0, 0}, fed = 0;
  for (const Field& field : model->fields) {
    inputs[static_cast<std::size_t>(field.side)] += field.n_inputs();
    if (field.feeds_every_layer) fed += field.n_inputs();
  }
  const std::uint64_t total = inputs[0] + inputs[1] + inputs[2];
  if (total > limits::layer_width)
    throw PackError(Status::limit, node.where(),
                    "wanted at most " + std::to_string(limits::layer_width) +
                        " input columns, found " + std::to_string(total));
  for (std::size_t i = 0; i < 3; ++i)
    model->block_inputs[i] = static_cast<std::uint32_t>(inputs[i]);
  model->n_inputs = static_cast<std::uint32_t>(total);
  model->n_fed = static_cast<std::uint32_t>(fed);
}

}  // namespace

void read_fields(const JsonNode& node, TrainedModel* model) {
  std::vector<Field> fields;
  std::vector<FieldDeclaration> declarations;
  std::unordered_set<std::string_view> names;
  for (const JsonNode& item : node.items(limits::fields)) {
    fields.push_back(read_field(item, &model->memory));
    declarations.push_back(read_declaration(item));
    if (!names.insert(fields.back().name).second)
      item.at("name").refuse("\"" + std::string(fields.back().name) + "\" stands twice");
  }
  if (fields.empty()) node.refuse("wanted at least one field");
  const std::vector<std::uint32_t> order = x_order(fields);
  std::vector<Field> sorted;
  model->json_order.resize(fields.size());
  for (std::uint32_t i : order) {
    model->json_order[i] = static_cast<std::uint32_t>(sorted.size());
    sorted.push_back(fields[i]);
    model->declarations.push_back(declarations[i]);
  }
  model->fields = model->memory.copy(sorted);
  model->tables.resize(fields.size());
  count_inputs(node, model);
}

std::vector<std::uint32_t> TrainedModel::columns() const {
  std::vector<std::uint32_t> out;
  std::uint32_t column = 0;
  for (const Field& field : fields) {
    out.push_back(column);
    column += field.n_inputs();
  }
  return out;
}

}  // namespace guardrank::pack
