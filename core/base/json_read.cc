// RFC 8259 by recursive descent: limits::json_depth bounds the stack.
#include <algorithm>

#include "core/base/json.h"
#include "core/base/json_escape.h"
#include "core/base/limits.h"
#include "core/base/number_text.h"
#include "core/base/slice.h"
#include "core/base/sort.h"
#include "core/base/utf8.h"

namespace guardrank {

namespace {

// Up to here members are compared with each other; larger objects are sorted.
constexpr std::uint32_t few_members = 16;

using Place = Text<64>;

// Lines and columns count from 1; a column is a character.
Place place_of(std::string_view text, std::size_t offset) {
  std::uint64_t line = 1, column = 1;
  for (const char byte : text.substr(0, offset)) {
    if (byte == '\n') {
      ++line;
      column = 1;
    } else if ((static_cast<std::uint8_t>(byte) & 0xC0) != 0x80) {
      ++column;
    }
  }
  return {"line ", line, ", column ", column};
}

class JsonParser {
 public:
  JsonParser(std::string_view text, Arena* arena, Error* error)
      : text_(text), arena_(arena), error_(error) {}

  Status document(JsonValue* root);

 private:
  Status value(std::uint32_t depth, JsonValue* out);
  Status object(std::uint32_t depth, JsonValue* out);
  Status array(std::uint32_t depth, JsonValue* out);
  Status child(std::uint32_t depth, std::string_view key, const JsonValue*** link, JsonValue* out);
  Status string(std::string_view* out);
  Status unescape(std::string_view raw, std::size_t offset, std::string_view* out);
  Status number(JsonValue* out);
  Status word(std::string_view wanted, JsonType type, bool boolean, JsonValue* out);
  Status check_members(const JsonValue& object);
  Status sort_members(const JsonValue& object);
  Status duplicate(const JsonValue& a, const JsonValue& b);

  void skip_space();
  bool take(char wanted);
  Status found_instead(std::string_view wanted);
  Status bad(std::size_t offset, std::initializer_list<TextPiece> message) {
    return error_->set(Status::json, place_of(text_, offset).view(), message);
  }

  std::string_view text_;
  Arena* arena_;
  Error* error_;
  std::size_t at_ = 0;
};

void JsonParser::skip_space() {
  while (at_ < text_.size()) {
    const char byte = text_[at_];
    if (byte != ' ' && byte != '\n' && byte != '\r' && byte != '\t') return;
    ++at_;
  }
}

bool JsonParser::take(char wanted) {
  skip_space();
  if (at_ >= text_.size() || text_[at_] != wanted) return false;
  ++at_;
  return true;
}

Status JsonParser::found_instead(std::string_view wanted) {
  skip_space();
  const Place place = place_of(text_, at_);
  if (at_ >= text_.size()) {
    return error_->wanted(Status::json, place.view(), {wanted}, {"the end"});
  }
  const std::string_view rest = slice(text_, at_);
  std::size_t size = 1;
  while (size < rest.size() && (static_cast<std::uint8_t>(rest[size]) & 0xC0) == 0x80) ++size;
  return error_->wanted(Status::json, place.view(), {wanted}, {"'", rest.substr(0, size), "'"});
}

Status JsonParser::document(JsonValue* root) {
  if (text_.size() > UINT32_MAX) {
    return error_->set(Status::limit, {}, {"a JSON text of ", text_.size(), " bytes"});
  }
  std::size_t offset = 0;
  if (!is_valid_utf8(text_, &offset)) {
    return error_->set(Status::utf8, place_of(text_, offset).view(), {"invalid UTF-8"});
  }
  GUARDRANK_TRY(value(0, root));
  skip_space();
  return at_ == text_.size() ? Status::ok : found_instead("the end");
}

Status JsonParser::value(std::uint32_t depth, JsonValue* out) {
  skip_space();
  out->byte_offset = static_cast<std::uint32_t>(at_);
  const char first = at_ < text_.size() ? text_[at_] : '\0';
  switch (first) {
    case '{':
      return object(depth, out);
    case '[':
      return array(depth, out);
    case '"':
      out->type = JsonType::string;
      return string(&out->text);
    case 't':
      return word("true", JsonType::boolean, true, out);
    case 'f':
      return word("false", JsonType::boolean, false, out);
    case 'n':
      return word("null", JsonType::null, false, out);
    default:
      if (first == '-' || (first >= '0' && first <= '9')) return number(out);
      return found_instead("a value");
  }
}

Status JsonParser::word(std::string_view wanted, JsonType type, bool boolean, JsonValue* out) {
  if (!slice(text_, at_).starts_with(wanted)) return found_instead("a value");
  at_ += wanted.size();
  out->type = type;
  out->boolean = boolean;
  return Status::ok;
}

Status JsonParser::number(JsonValue* out) {
  const std::size_t start = at_;
  bool is_whole = true;
  for (; at_ < text_.size(); ++at_) {
    const char byte = text_[at_];
    if (byte == '.' || byte == 'e' || byte == 'E') is_whole = false;
    else if (!(byte >= '0' && byte <= '9') && byte != '-' && byte != '+') break;
  }
  out->type = JsonType::number;
  out->text = slice(text_, start, at_ - start);
  if (!parse_double(out->text, &out->number)) {
    return bad(start, {"'", out->text.substr(0, 40), "' is not a JSON number, or is too large"});
  }
  out->is_integer = is_whole && parse_integer(out->text, &out->integer);
  return Status::ok;
}

Status JsonParser::string(std::string_view* out) {
  const std::size_t start = ++at_;
  bool has_escape = false;
  for (; at_ < text_.size(); ++at_) {
    const char byte = text_[at_];
    if (byte == '"') {
      const std::string_view raw = slice(text_, start, at_ - start);
      ++at_;
      if (has_escape) return unescape(raw, start, out);
      *out = raw;
      return Status::ok;
    }
    if (static_cast<std::uint8_t>(byte) < 0x20) {
      return bad(at_, {"a control character in a string must be escaped"});
    }
    if (byte != '\\') continue;
    has_escape = true;
    ++at_;   // what follows does not end the string
  }
  at_ = text_.size();
  return bad(start - 1, {"a string that does not end"});
}

// A string with escapes, decoded into the arena.
Status JsonParser::unescape(std::string_view raw, std::size_t offset, std::string_view* out) {
  // An escape is never shorter than what it stands for.
  char* bytes = static_cast<char*>(arena_->allocate(raw.size(), 1));
  if (bytes == nullptr) return error_->no_memory({});
  std::size_t size = 0;
  std::size_t at = 0;
  switch (unescape_json(raw, bytes, &size, &at)) {
    case JsonEscape::ok: break;
    case JsonEscape::unknown: return bad(offset + at, {"an unknown escape in a string"});
    case JsonEscape::lone_surrogate:
      return error_->set(Status::utf8, place_of(text_, offset + at).view(), {"a lone surrogate"});
  }
  *out = {bytes, size};
  return Status::ok;
}

// Parses a value and hangs it on the end of its parent's children.
Status JsonParser::child(std::uint32_t depth, std::string_view key, const JsonValue*** link,
                         JsonValue* parent) {
  std::span<JsonValue> made;
  if (arena_->make(1, &made) != Status::ok) {
    return error_->no_memory({});
  }
  made[0].key = key;
  GUARDRANK_TRY(value(depth + 1, &made[0]));
  **link = &made[0];
  *link = &made[0].next;
  ++parent->n_children;
  return Status::ok;
}

Status too_deep(std::string_view place, Error* error) {
  return error->set(Status::limit, place,
                    {"nested deeper than ", limits::json_depth, " (limits::json_depth)"});
}

Status JsonParser::array(std::uint32_t depth, JsonValue* out) {
  out->type = JsonType::array;
  if (depth >= limits::json_depth) return too_deep(place_of(text_, at_).view(), error_);
  ++at_;
  if (take(']')) return Status::ok;
  const JsonValue** link = &out->first;
  do {
    GUARDRANK_TRY(child(depth, {}, &link, out));
  } while (take(','));
  return take(']') ? Status::ok : found_instead("',' or ']'");
}

Status JsonParser::object(std::uint32_t depth, JsonValue* out) {
  out->type = JsonType::object;
  if (depth >= limits::json_depth) return too_deep(place_of(text_, at_).view(), error_);
  ++at_;
  if (take('}')) return Status::ok;
  const JsonValue** link = &out->first;
  do {
    skip_space();
    if (at_ >= text_.size() || text_[at_] != '"') return found_instead("a member's name");
    std::string_view key;
    GUARDRANK_TRY(string(&key));
    if (!take(':')) return found_instead("':'");
    GUARDRANK_TRY(child(depth, key, &link, out));
  } while (take(','));
  if (!take('}')) return found_instead("',' or '}'");
  return check_members(*out);
}

Status JsonParser::duplicate(const JsonValue& a, const JsonValue& b) {
  const JsonValue& second = a.byte_offset > b.byte_offset ? a : b;
  return bad(second.byte_offset, {"the name '", second.key, "' stands twice in one object"});
}

Status JsonParser::check_members(const JsonValue& object) {
  if (object.n_children > few_members) return sort_members(object);
  for (const JsonValue* member = object.first; member != nullptr; member = member->next) {
    for (const JsonValue* other = object.first; other != member; other = other->next) {
      if (other->key == member->key) return duplicate(*other, *member);
    }
  }
  return Status::ok;
}

// n log n comparisons whatever the names.
Status JsonParser::sort_members(const JsonValue& object) {
  std::span<const JsonValue*> members;
  std::span<std::uint32_t> rows;
  if (arena_->make(object.n_children, &members) != Status::ok ||
      arena_->make(object.n_children, &rows) != Status::ok) {
    return error_->no_memory({});
  }
  std::uint32_t n = 0;
  for (const JsonValue* member = object.first; member != nullptr; member = member->next) {
    rows[n] = n;
    members[n++] = member;
  }
  const auto before = [&](std::uint32_t a, std::uint32_t b) {
    return members[a]->key < members[b]->key;
  };
  sort_rows(rows, before);
  for (std::uint32_t i = 1; i < n; ++i) {
    const JsonValue& member = *members[rows[i - 1]];
    const JsonValue& next = *members[rows[i]];
    if (member.key == next.key) return duplicate(member, next);
  }
  return Status::ok;
}

}  // namespace

const JsonValue* JsonValue::member(std::string_view name) const {
  for (const JsonValue* child = first; child != nullptr; child = child->next) {
    if (child->key == name && type == JsonType::object) return child;
  }
  return nullptr;
}

std::string_view json_type_name(JsonType type) {
  switch (type) {
    case JsonType::null: return "null";
    case JsonType::boolean: return "a boolean";
    case JsonType::number: return "a number";
    case JsonType::string: return "a string";
    case JsonType::array: return "an array";
    case JsonType::object: return "an object";
  }
  return "nothing";
}

Status parse_json(std::string_view text, Arena* arena, const JsonValue** root, Error* error) {
  *root = nullptr;
  std::span<JsonValue> made;
  if (arena->make(1, &made) != Status::ok) {
    return error->no_memory({});
  }
  JsonParser parser(text, arena, error);
  GUARDRANK_TRY(parser.document(&made[0]));
  *root = &made[0];
  return Status::ok;
}

}  // namespace guardrank
