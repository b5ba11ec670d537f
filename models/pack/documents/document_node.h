// A policy or catalog document as a tree, and accessors that name what they refuse. YAML and JSON
// give the same tree, so that every reader is written once.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "models/pack/memory.h"

namespace guardrank::pack {

inline constexpr std::size_t document_bytes = 16u << 20;   // a policy document
inline constexpr std::size_t document_nodes = 200'000;     // aliases count where they are used

// A whole number as text, exactly: digits, or what tables with gaps make of them (2.0, 1e3) as far as doubles
// are exact.
bool parse_whole(std::string_view text, std::int64_t* value);

// A value and its path. Every accessor throws PackError whose place is the path ("rules[0].expr")
// and whose message has the line: "line 12: wanted a text, found a number".
class DocumentNode {
 public:
  DocumentNode(const JsonValue* value, std::string path, std::string_view source)
      : value_(value), path_(std::move(path)), source_(source) {}

  const JsonValue& value() const { return *value_; }
  const std::string& path() const { return path_; }
  std::string_view key() const { return value_->key; }
  bool is_null() const { return value_->type == JsonType::null; }

  // Refuses members other than these (Status::json). Status::type when it is no object.
  void allow(std::initializer_list<std::string_view> members) const;
  DocumentNode at(std::string_view member) const;                 // absent or null: Status::missing
  std::optional<DocumentNode> maybe(std::string_view member) const;  // absent or null: none
  std::vector<DocumentNode> items(std::size_t max_items) const;   // Status::limit
  std::vector<DocumentNode> members(std::size_t max_members) const;

  std::string_view text() const;
  std::string_view name() const;                                  // not empty
  double number() const;                                          // whole numbers as well
  double number_within(double minimum, double maximum) const;     // Status::argument
  std::uint32_t natural(std::uint32_t minimum, std::uint32_t maximum) const;
  std::int64_t integer() const;                                   // or as a decimal text
  bool boolean() const;
  std::int64_t timestamp() const;                                 // RFC 3339, or a date

  [[noreturn]] void refuse(Status status, std::string_view message) const;
  [[noreturn]] void wanted(std::string_view expected) const;      // Status::type

 private:
  DocumentNode child(const JsonValue* value) const;
  const JsonValue& check(JsonType type, std::string_view expected) const;

  const JsonValue* value_;
  std::string path_;
  std::string_view source_;
};

// Members that may be left out.
std::string_view text_or(const DocumentNode& node, std::string_view member,
                         std::string_view otherwise = {});
double number_or(const DocumentNode& node, std::string_view member, double otherwise);

// Parses YAML 1.2 or JSON (a text that starts with "{" is tried as JSON first); what it gives lives
// in `memory`. Syntax, duplicate keys, tags: Status::json; Status::utf8; Status::limit.
DocumentNode parse_document_tree(std::string_view text, Memory* memory);
// JSON alone, of any size that fits the memory.
DocumentNode parse_json_tree(std::string_view text, Memory* memory);

}  // namespace guardrank::pack
