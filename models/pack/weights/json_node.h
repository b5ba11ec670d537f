// A parsed JSON value together with its path, for readers that name what they refuse.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"
#include "models/pack/memory.h"

namespace guardrank::pack {

// Every accessor throws PackError with the status of the document and a message like
// "model.json: fields[2].dim: wanted a whole number from 1 to 1024, found a string".
class JsonNode {
 public:
  JsonNode(const JsonValue* value, std::string document, std::string path, Status status)
      : value_(value), document_(std::move(document)), path_(std::move(path)), status_(status) {}

  const JsonValue& value() const { return *value_; }
  std::string_view key() const { return value_->key; }
  bool is(JsonType type) const { return value_->type == type; }
  // "model.json: fields[2].dim"
  std::string where() const;

  // An object that has no members but these.
  void allow(std::initializer_list<std::string_view> members) const;
  JsonNode at(std::string_view member) const;                  // missing: refused
  std::optional<JsonNode> maybe(std::string_view member) const;
  std::vector<JsonNode> items(std::size_t max_items) const;    // of an array
  std::vector<JsonNode> members(std::size_t max_members) const;// of an object of free names

  std::string_view text() const;
  std::string_view name() const;                               // text that is not empty
  double number() const;
  double number_within(double minimum, double maximum) const;
  std::uint32_t natural(std::uint32_t minimum, std::uint32_t maximum) const;
  std::uint64_t seed() const;                                  // a u64; beyond 2^53 as a string
  bool boolean() const;
  std::vector<double> numbers(std::size_t max_items) const;
  std::vector<std::string_view> names(std::size_t max_items) const;

  [[noreturn]] void refuse(std::string_view message) const;
  [[noreturn]] void wanted(std::string_view expected) const;

 private:
  JsonNode child(const JsonValue* value, std::string_view member) const;
  JsonNode child(const JsonValue* value, std::size_t index) const;
  void check(JsonType type) const;

  const JsonValue* value_;
  std::string document_;
  std::string path_;
  Status status_;
};

// Parses a document; a syntax error has Status::json (or utf8, limit) and names `document`.
JsonNode parse_document(std::string_view text, std::string_view document, Status status,
                        Memory* memory);

}  // namespace guardrank::pack
