#include "models/pack/documents/yaml_tree.h"

#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/yaml.h>

#include <string>
#include <vector>

#include "core/base/limits.h"
#include "core/base/number_text.h"
#include "models/pack/documents/document_node.h"
#include "models/pack/pack_error.h"

namespace guardrank::pack {
namespace {

// Converts node by node. An alias is converted where it is used and counts there, so that a few
// nested aliases cannot become a huge tree.
class YamlConverter {
 public:
  YamlConverter(std::string_view source, Memory* memory) : memory_(memory) {
    line_starts_.push_back(0);
    for (std::size_t i = 0; i < source.size(); ++i)
      if (source[i] == '\n') line_starts_.push_back(i + 1);
  }

  const JsonValue* convert(const YAML::Node& node) {
    JsonValue* value = memory_->make<JsonValue>(1).data();
    fill(node, 0, value);
    return value;
  }

 private:
  void fill(const YAML::Node& node, std::uint32_t depth, JsonValue* value);
  void fill_scalar(const YAML::Node& node, JsonValue* value);
  void fill_plain(JsonValue* value);
  void fill_list(const YAML::Node& node, std::uint32_t depth, JsonValue* value);
  void fill_map(const YAML::Node& node, std::uint32_t depth, JsonValue* value);
  void append(JsonValue* parent, JsonValue** last, JsonValue* child);
  [[noreturn]] void refuse(const YAML::Node& node, Status status, const std::string& message);

  Memory* memory_;
  std::vector<std::size_t> line_starts_;
  std::size_t n_nodes_ = 0;
};

void YamlConverter::refuse(const YAML::Node& node, Status status, const std::string& message) {
  throw PackError(status, "", "line " + std::to_string(node.Mark().line + 1) + ": " + message);
}

void YamlConverter::fill(const YAML::Node& node, std::uint32_t depth, JsonValue* value) {
  if (depth > limits::json_depth)
    refuse(node, Status::limit,
           "nested deeper than " + std::to_string(limits::json_depth) + " levels");
  if (++n_nodes_ > document_nodes)
    refuse(node, Status::limit, "over " + std::to_string(document_nodes) + " values");
  const int line = node.Mark().line;
  if (line >= 0 && static_cast<std::size_t>(line) < line_starts_.size())
    value->byte_offset = static_cast<std::uint32_t>(line_starts_[static_cast<std::size_t>(line)]);
  switch (node.Type()) {
    case YAML::NodeType::Undefined:
    case YAML::NodeType::Null: value->type = JsonType::null; return;
    case YAML::NodeType::Scalar: return fill_scalar(node, value);
    case YAML::NodeType::Sequence: return fill_list(node, depth, value);
    case YAML::NodeType::Map: return fill_map(node, depth, value);
  }
}

void YamlConverter::fill_scalar(const YAML::Node& node, JsonValue* value) {
  value->type = JsonType::string;
  value->text = memory_->text(node.Scalar());
  const std::string& tag = node.Tag();
  if (tag == "?" || tag.empty()) return fill_plain(value);
  if (tag != "!" && tag != "tag:yaml.org,2002:str")
    refuse(node, Status::json, "tags are not accepted");
}

// A YAML number in the form that JSON writes: without "+", with a digit before the point.
std::string decimal_text(std::string_view text) {
  std::string decimal;
  if (!text.empty() && (text[0] == '+' || text[0] == '-')) {
    if (text[0] == '-') decimal = "-";
    text.remove_prefix(1);
  }
  if (!text.empty() && text[0] == '.') decimal += '0';
  return decimal.append(text);
}

void YamlConverter::fill_plain(JsonValue* value) {
  const std::string_view text = value->text;
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") {
    value->type = JsonType::null;
  } else if (text == "true" || text == "True" || text == "TRUE") {
    value->type = JsonType::boolean;
    value->boolean = true;
  } else if (text == "false" || text == "False" || text == "FALSE") {
    value->type = JsonType::boolean;
  } else if (parse_double(decimal_text(text), &value->number)) {
    value->type = JsonType::number;
    value->is_integer = parse_integer(decimal_text(text), &value->integer);
  }
}

void YamlConverter::append(JsonValue* parent, JsonValue** last, JsonValue* child) {
  if (*last == nullptr) {
    parent->first = child;
  } else {
    (*last)->next = child;
  }
  *last = child;
  ++parent->n_children;
}

void YamlConverter::fill_list(const YAML::Node& node, std::uint32_t depth, JsonValue* value) {
  value->type = JsonType::array;
  JsonValue* last = nullptr;
  for (const YAML::Node& element : node) {
    JsonValue* child = memory_->make<JsonValue>(1).data();
    fill(element, depth + 1, child);
    append(value, &last, child);
  }
}

void YamlConverter::fill_map(const YAML::Node& node, std::uint32_t depth, JsonValue* value) {
  value->type = JsonType::object;
  JsonValue* last = nullptr;
  for (const auto& member : node) {
    if (!member.first.IsScalar()) refuse(member.first, Status::json, "a key must be a text");
    const std::string& key = member.first.Scalar();
    if (value->member(key) != nullptr)
      refuse(member.first, Status::json, "the key \"" + key + "\" stands twice");
    if (key == "<<") refuse(member.first, Status::json, "merge keys are not accepted");
    JsonValue* child = memory_->make<JsonValue>(1).data();
    fill(member.second, depth + 1, child);
    child->key = memory_->text(key);
    append(value, &last, child);
  }
}

}  // namespace

const JsonValue* parse_yaml(std::string_view text, Memory* memory) {
  try {
    const std::vector<YAML::Node> documents = YAML::LoadAll(std::string(text));
    if (documents.size() != 1)
      throw PackError(Status::json, "", "wanted one YAML document, found " +
                                            std::to_string(documents.size()));
    return YamlConverter(text, memory).convert(documents[0]);
  } catch (const YAML::DeepRecursion& error) {
    throw PackError(Status::limit, "",
                    "line " + std::to_string(error.mark.line + 1) + ": nested deeper than " +
                        std::to_string(limits::json_depth) + " levels");
  } catch (const YAML::Exception& error) {
    throw PackError(Status::json, "", "line " + std::to_string(error.mark.line + 1) +
                                          ", column " + std::to_string(error.mark.column + 1) +
                                          ": " + error.msg);
  }
}

}  // namespace guardrank::pack
