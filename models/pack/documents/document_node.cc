#include "models/pack/documents/document_node.h"

#include <algorithm>
#include <cmath>

#include "core/base/number_text.h"
#include "core/base/utf8.h"
#include "models/pack/documents/yaml_tree.h"
#include "models/pack/pack_error.h"

namespace guardrank::pack {

void DocumentNode::refuse(Status status, std::string_view message) const {
  const std::size_t offset = std::min<std::size_t>(value_->byte_offset, source_.size());
  const auto newlines = std::count(source_.begin(), source_.begin() + offset, '\n');
  throw PackError(status, path_,
                  "line " + std::to_string(newlines + 1) + ": " + std::string(message));
}

void DocumentNode::wanted(std::string_view expected) const {
  refuse(Status::type, "wanted " + std::string(expected) + ", found " +
                           std::string(json_type_name(value_->type)));
}

const JsonValue& DocumentNode::check(JsonType type, std::string_view expected) const {
  if (value_->type != type) wanted(expected);
  return *value_;
}

DocumentNode DocumentNode::child(const JsonValue* value) const {
  std::string path = path_;
  if (!path.empty()) path += '.';
  path += value->key;
  return {value, std::move(path), source_};
}

void DocumentNode::allow(std::initializer_list<std::string_view> members) const {
  check(JsonType::object, "an object");
  for (const JsonValue* member = value_->first; member != nullptr; member = member->next)
    if (std::find(members.begin(), members.end(), member->key) == members.end())
      child(member).refuse(Status::json, "unknown member");
}

std::optional<DocumentNode> DocumentNode::maybe(std::string_view member) const {
  const JsonValue* found = check(JsonType::object, "an object").member(member);
  if (found == nullptr || found->type == JsonType::null) return std::nullopt;
  return child(found);
}

DocumentNode DocumentNode::at(std::string_view member) const {
  std::optional<DocumentNode> found = maybe(member);
  if (!found) {
    const std::string path = path_.empty() ? std::string(member)
                                           : path_ + "." + std::string(member);
    DocumentNode(value_, path, source_).refuse(Status::missing, "the member is missing");
  }
  return *found;
}

std::vector<DocumentNode> DocumentNode::items(std::size_t max_items) const {
  check(JsonType::array, "a list");
  if (value_->n_children > max_items)
    refuse(Status::limit, "at most " + std::to_string(max_items) + " elements are allowed");
  std::vector<DocumentNode> all;
  for (const JsonValue* item = value_->first; item != nullptr; item = item->next)
    all.emplace_back(item, path_ + "[" + std::to_string(all.size()) + "]", source_);
  return all;
}

std::vector<DocumentNode> DocumentNode::members(std::size_t max_members) const {
  check(JsonType::object, "an object");
  if (value_->n_children > max_members)
    refuse(Status::limit, "at most " + std::to_string(max_members) + " members are allowed");
  std::vector<DocumentNode> all;
  for (const JsonValue* member = value_->first; member != nullptr; member = member->next)
    all.push_back(child(member));
  return all;
}

std::string_view DocumentNode::text() const { return check(JsonType::string, "a text").text; }

namespace {

// People read these texts, and C programs hand them on.
std::string_view without_zero(const DocumentNode& node, std::string_view text) {
  if (text.find('\0') != std::string_view::npos)
    node.refuse(Status::argument, "holds a zero byte, which no text for people has");
  return text;
}

}  // namespace

std::string_view DocumentNode::name() const {
  const std::string_view found = text();
  if (found.empty()) refuse(Status::argument, "wanted a text, found an empty one");
  return without_zero(*this, found);
}

double DocumentNode::number() const { return check(JsonType::number, "a number").number; }

double DocumentNode::number_within(double minimum, double maximum) const {
  const double found = number();
  if (minimum <= found && found <= maximum) return found;
  char low[max_number_text_bytes];
  char high[max_number_text_bytes];
  refuse(Status::argument, "wanted a number from " +
                               std::string(low, write_double(minimum, low)) + " to " +
                               std::string(high, write_double(maximum, high)) + ", found " +
                               std::string(value_->text));
}

std::uint32_t DocumentNode::natural(std::uint32_t minimum, std::uint32_t maximum) const {
  const JsonValue& found = check(JsonType::number, "a whole number");
  if (!found.is_integer) refuse(Status::type, "wanted a whole number");
  if (found.integer >= minimum && found.integer <= maximum)
    return static_cast<std::uint32_t>(found.integer);
  refuse(Status::argument, "wanted a whole number from " + std::to_string(minimum) + " to " +
                               std::to_string(maximum) + ", found " + std::string(found.text));
}

bool parse_whole(std::string_view text, std::int64_t* value) {
  constexpr double exact = 9007199254740992;   // 2^53
  double number = 0;
  if (parse_integer(text, value)) return true;
  if (!parse_double(text, &number) || !(std::fabs(number) < exact) || number != std::floor(number)) return false;
  *value = static_cast<std::int64_t>(number);
  return true;
}

std::int64_t DocumentNode::integer() const {
  std::int64_t parsed = 0;
  if (value_->type == JsonType::string && parse_integer(value_->text, &parsed)) return parsed;
  const JsonValue& found = check(JsonType::number, "a whole number");
  if (found.is_integer) return found.integer;
  if (parse_whole(found.text, &parsed)) return parsed;
  refuse(Status::type, "wanted a whole number within 64 bits, found " + std::string(found.text));
}

bool DocumentNode::boolean() const { return check(JsonType::boolean, "true or false").boolean; }

std::int64_t DocumentNode::timestamp() const {
  std::int64_t micros = 0;
  if (!parse_timestamp(check(JsonType::string, "a time as RFC 3339").text, &micros))
    refuse(Status::type, "wanted a time as RFC 3339 or a date, found \"" +
                             std::string(value_->text.substr(0, 64)) + "\"");
  return micros;
}

std::string_view text_or(const DocumentNode& node, std::string_view member,
                         std::string_view otherwise) {
  const std::optional<DocumentNode> found = node.maybe(member);
  return found ? without_zero(*found, found->text()) : otherwise;
}

double number_or(const DocumentNode& node, std::string_view member, double otherwise) {
  const std::optional<DocumentNode> found = node.maybe(member);
  return found ? found->number() : otherwise;
}

DocumentNode parse_json_tree(std::string_view text, Memory* memory) {
  const std::string_view source = memory->text(text);
  const JsonValue* root = nullptr;
  Error error;
  throw_if(parse_json(source, &memory->arena(), &root, &error), error);
  return {root, "", source};
}

DocumentNode parse_document_tree(std::string_view text, Memory* memory) {
  if (text.size() > document_bytes)
    throw PackError(Status::limit, "",
                    "at most " + std::to_string(document_bytes) + " bytes are allowed");
  std::size_t offset = 0;
  if (!is_valid_utf8(text, &offset))
    throw PackError(Status::utf8, "", "invalid UTF-8 at byte " + std::to_string(offset));
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  const bool may_be_json = first != std::string_view::npos && text[first] == '{';
  if (!may_be_json) {
    const std::string_view source = memory->text(text);
    return {parse_yaml(source, memory), "", source};
  }
  try {
    return parse_json_tree(text, memory);
  } catch (const PackError& json_error) {
    // A YAML document may start with a brace as well; if it is none, the JSON error is the one.
    try {
      const std::string_view source = memory->text(text);
      return {parse_yaml(source, memory), "", source};
    } catch (const PackError& yaml_error) {
      if (yaml_error.status() == Status::limit) throw;
      throw json_error;
    }
  }
}

}  // namespace guardrank::pack
