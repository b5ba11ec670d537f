#include "models/pack/weights/json_node.h"

#include <algorithm>
#include <charconv>

#include "core/base/math.h"
#include "core/base/number_text.h"
#include "models/pack/pack_error.h"

namespace guardrank::pack {
namespace {

std::string number_text(double value) {
  char out[max_number_text_bytes];
  return std::string(out, write_double(value, out));
}

std::string found_text(const JsonValue& value) {
  std::string text(json_type_name(value.type));
  if (value.type == JsonType::number) text = std::string(value.text.substr(0, 40));
  if (value.type == JsonType::string) text += " \"" + std::string(value.text.substr(0, 40)) + "\"";
  return text;
}

}  // namespace

std::string JsonNode::where() const { return path_.empty() ? document_ : document_ + ": " + path_; }

void JsonNode::refuse(std::string_view message) const {
  throw PackError(status_, where(), message);
}

void JsonNode::wanted(std::string_view expected) const {
  refuse("wanted " + std::string(expected) + ", found " + found_text(*value_));
}

JsonNode JsonNode::child(const JsonValue* value, std::string_view member) const {
  return {value, document_, path_.empty() ? std::string(member) : path_ + "." + std::string(member),
          status_};
}

JsonNode JsonNode::child(const JsonValue* value, std::size_t index) const {
  return {value, document_, path_ + "[" + std::to_string(index) + "]", status_};
}

void JsonNode::check(JsonType type) const {
  if (value_->type != type) wanted(json_type_name(type));
}

void JsonNode::allow(std::initializer_list<std::string_view> members) const {
  check(JsonType::object);
  for (const JsonValue* at = value_->first; at != nullptr; at = at->next) {
    if (std::find(members.begin(), members.end(), at->key) == members.end())
      child(at, at->key).refuse("unknown member");
  }
}

JsonNode JsonNode::at(std::string_view member) const {
  check(JsonType::object);
  const JsonValue* found = value_->member(member);
  if (found == nullptr) child(value_, member).refuse("missing");
  return child(found, member);
}

std::optional<JsonNode> JsonNode::maybe(std::string_view member) const {
  check(JsonType::object);
  const JsonValue* found = value_->member(member);
  if (found == nullptr) return std::nullopt;
  return child(found, member);
}

std::vector<JsonNode> JsonNode::items(std::size_t max_items) const {
  check(JsonType::array);
  if (value_->n_children > max_items)
    throw PackError(Status::limit, where(),
                    "wanted at most " + std::to_string(max_items) + " elements, found " +
                        std::to_string(value_->n_children));
  std::vector<JsonNode> nodes;
  for (const JsonValue* at = value_->first; at != nullptr; at = at->next)
    nodes.push_back(child(at, nodes.size()));
  return nodes;
}

std::vector<JsonNode> JsonNode::members(std::size_t max_members) const {
  check(JsonType::object);
  if (value_->n_children > max_members)
    throw PackError(Status::limit, where(),
                    "wanted at most " + std::to_string(max_members) + " members, found " +
                        std::to_string(value_->n_children));
  std::vector<JsonNode> nodes;
  for (const JsonValue* at = value_->first; at != nullptr; at = at->next)
    nodes.push_back(child(at, at->key));
  return nodes;
}

std::string_view JsonNode::text() const {
  check(JsonType::string);
  return value_->text;
}

std::string_view JsonNode::name() const {
  const std::string_view found = text();
  if (found.empty()) refuse("wanted a name, found an empty string");
  return found;
}

double JsonNode::number() const {
  check(JsonType::number);
  if (!is_finite(value_->number)) wanted("a finite number");
  return value_->number;
}

double JsonNode::number_within(double minimum, double maximum) const {
  const double found = number();
  if (found < minimum || found > maximum)
    wanted("a number from " + number_text(minimum) + " to " + number_text(maximum));
  return found;
}

std::uint32_t JsonNode::natural(std::uint32_t minimum, std::uint32_t maximum) const {
  const std::string range =
      "a whole number from " + std::to_string(minimum) + " to " + std::to_string(maximum);
  if (value_->type != JsonType::number || !value_->is_integer) wanted(range);
  if (value_->integer < minimum) wanted(range);
  if (value_->integer > maximum)
    throw PackError(Status::limit, where(), "wanted " + range + ", found " + found_text(*value_));
  return static_cast<std::uint32_t>(value_->integer);
}

std::uint64_t JsonNode::seed() const {
  if (value_->type == JsonType::number && value_->is_integer && value_->integer >= 0)
    return static_cast<std::uint64_t>(value_->integer);
  std::uint64_t seed = 0;
  const char* end = value_->text.data() + value_->text.size();
  if ((value_->type != JsonType::string && value_->type != JsonType::number) ||
      value_->text.empty())
    wanted("a whole number of 64 bits");
  const auto result = std::from_chars(value_->text.data(), end, seed);
  if (result.ec != std::errc() || result.ptr != end) wanted("a whole number of 64 bits");
  return seed;
}

bool JsonNode::boolean() const {
  check(JsonType::boolean);
  return value_->boolean;
}

std::vector<double> JsonNode::numbers(std::size_t max_items) const {
  std::vector<double> out;
  for (const JsonNode& item : items(max_items)) out.push_back(item.number());
  return out;
}

std::vector<std::string_view> JsonNode::names(std::size_t max_items) const {
  std::vector<std::string_view> out;
  for (const JsonNode& item : items(max_items)) out.push_back(item.name());
  return out;
}

JsonNode parse_document(std::string_view text, std::string_view document, Status status,
                        Memory* memory) {
  const JsonValue* root = nullptr;
  Error error;
  if (const Status parsed = parse_json(text, &memory->arena(), &root, &error);
      parsed != Status::ok) {
    try {
      throw_if(parsed, error);
    } catch (const PackError& problem) {
      throw problem.within(document);
    }
  }
  return {root, std::string(document), "", status};
}

}  // namespace guardrank::pack
