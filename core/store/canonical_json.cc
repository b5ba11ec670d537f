#include "core/store/canonical_json.h"

#include <algorithm>

#include "core/base/number_text.h"
#include "core/base/sort.h"

namespace guardrank {

namespace {

// Recursion is as deep as the reader allows: limits::json_depth.
class CanonicalWriter {
 public:
  CanonicalWriter(std::span<char> room, Arena* arena, Error* error)
      : room_(room), arena_(arena), error_(error) {}

  Status value(const JsonValue& value);
  std::string_view view() const { return {room_.data(), size_}; }

 private:
  Status number(const JsonValue& value);
  Status array(const JsonValue& value);
  Status object(const JsonValue& value);
  void string(std::string_view text);

  void put(char byte) {
    if (size_ < room_.size()) room_[size_] = byte;
    size_ += size_ < room_.size();
  }
  void put(std::string_view text) {
    for (const char byte : text) put(byte);
  }

  std::span<char> room_;
  std::size_t size_ = 0;
  Arena* arena_;
  Error* error_;
};

void CanonicalWriter::string(std::string_view text) {
  put('"');
  for (const char byte : text) {
    if (byte == '"' || byte == '\\') put('\\');
    put(byte);
  }
  put('"');
}

Status CanonicalWriter::number(const JsonValue& value) {
  if (!value.is_integer)
    return error_->set(Status::json, "signed", {"has whole numbers only, found ", value.text});
  char digits[max_number_text_bytes];
  put({digits, write_integer(value.integer, digits)});
  return Status::ok;
}

Status CanonicalWriter::array(const JsonValue& list) {
  put('[');
  for (const JsonValue* element = list.first; element != nullptr; element = element->next) {
    if (element != list.first) put(',');
    GUARDRANK_TRY(value(*element));
  }
  put(']');
  return Status::ok;
}

Status CanonicalWriter::object(const JsonValue& object) {
  std::span<const JsonValue*> members;
  std::span<std::uint32_t> order;
  GUARDRANK_TRY(arena_->make(object.n_children, &members));
  GUARDRANK_TRY(arena_->make(object.n_children, &order));
  std::uint32_t n = 0;
  for (const JsonValue* member = object.first; member != nullptr; member = member->next) {
    members[n] = member;
    order[n] = n;
    ++n;
  }
  // Bytes of UTF-8 stand in the order of their characters.
  sort_rows(order, [&](std::uint32_t a, std::uint32_t b) { return members[a]->key < members[b]->key; });
  put('{');
  for (std::uint32_t i = 0; i < n; ++i) {
    if (i != 0) put(',');
    string(members[order[i]]->key);
    put(':');
    GUARDRANK_TRY(value(*members[order[i]]));
  }
  put('}');
  return Status::ok;
}

Status CanonicalWriter::value(const JsonValue& value) {
  switch (value.type) {
    case JsonType::null: put("null"); return Status::ok;
    case JsonType::boolean: put(value.boolean ? "true" : "false"); return Status::ok;
    case JsonType::number: return number(value);
    case JsonType::string: string(value.text); return Status::ok;
    case JsonType::array: return array(value);
    case JsonType::object: return object(value);
  }
  return Status::internal;
}

}  // namespace

Status write_canonical_json(const JsonValue& value, std::size_t longest, Arena* arena,
                            std::string_view* text, Error* error) {
  std::span<char> room;
  GUARDRANK_TRY(arena->make_uninitialised(longest, &room));
  CanonicalWriter writer(room, arena, error);
  GUARDRANK_TRY(writer.value(value));
  *text = writer.view();
  return Status::ok;
}

}  // namespace guardrank
