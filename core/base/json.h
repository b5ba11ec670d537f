// A small strict JSON reader (RFC 8259) and writer. The reader refuses duplicate keys, lone
// surrogates, invalid UTF-8, depth over limits::json_depth and anything after the value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/base/arena.h"
#include "core/base/status.h"

namespace guardrank {

enum class JsonType : std::uint8_t { null, boolean, number, string, array, object };

// One value of a parsed document. Children of an array or object are linked by `next`.
struct JsonValue {
  JsonType type = JsonType::null;
  bool boolean = false;
  bool is_integer = false;          // written without fraction or exponent, and within int64
  std::uint32_t n_children = 0;
  std::uint32_t byte_offset = 0;    // of its first byte, for messages
  double number = 0;
  std::int64_t integer = 0;         // when is_integer
  std::string_view text;            // a string's value, or a number's own text
  std::string_view key;             // the name of an object's member
  const JsonValue* first = nullptr;
  const JsonValue* next = nullptr;

  // A member by name, or null. Linear in the number of members.
  const JsonValue* member(std::string_view name) const;
};

// "a number", "a string", ... for messages.
std::string_view json_type_name(JsonType type);

// Parses a whole document into `arena`; strings without escapes point into `text`, which must
// stay. Status::json or utf8 with line and column, Status::limit for depth, Status::memory.
Status parse_json(std::string_view text, Arena* arena, const JsonValue** root, Error* error);

// Writes JSON into a buffer that grows in an arena. Commas and quoting are its own business;
// the caller opens and closes in pairs. After a failed growth everything is dropped and
// `status` says Status::memory.
class JsonWriter {
 public:
  explicit JsonWriter(Arena* arena) : arena_(arena) {}

  JsonWriter& begin_object();
  JsonWriter& end_object();
  JsonWriter& begin_array();
  JsonWriter& end_array();
  JsonWriter& key(std::string_view name);
  JsonWriter& string(std::string_view value);     // invalid UTF-8 becomes U+FFFD
  JsonWriter& number(double value);               // not finite: null
  JsonWriter& number(float value);
  JsonWriter& integer(std::int64_t value);        // beyond 2^53: a decimal string
  JsonWriter& natural(std::uint64_t value);       // beyond 2^53: a decimal string
  JsonWriter& boolean(bool value);
  JsonWriter& null();
  JsonWriter& base64(std::span<const std::uint8_t> bytes);

  Status status() const { return status_; }
  std::string_view view() const { return {bytes_, size_}; }

 private:
  void put(std::string_view text);
  void put_quoted(std::string_view text);
  void separate();
  bool reserve(std::size_t more);

  Arena* arena_;
  char* bytes_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
  bool needs_comma_ = false;
  Status status_ = Status::ok;
};

// RFC 4648 with padding; `bytes` live in `arena`. Status::json when `text` is not base64.
Status parse_base64(std::string_view text, Arena* arena, std::span<const std::uint8_t>* bytes);

}  // namespace guardrank
