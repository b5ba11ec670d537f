#include "capi/src/report.h"

#include "core/base/utf8.h"

using guardrank::Error;

namespace {

// Writes as much as fits and counts what the whole needs.
struct BoundedText {
  char* out;
  std::size_t capacity;
  std::size_t size = 0;

  void put(char byte) {
    if (size + 1 < capacity) out[size] = byte;
    ++size;
  }
  void put(std::string_view text) {
    for (const char byte : text) put(byte);
  }
};

void put_escaped(BoundedText* json, unsigned char byte) {
  constexpr char digits[] = "0123456789abcdef";
  if (byte == '"' || byte == '\\') {
    json->put('\\');
    json->put(static_cast<char>(byte));
  } else if (byte < 0x20) {
    json->put("\\u00");
    json->put(digits[byte >> 4]);
    json->put(digits[byte & 15]);
  } else {
    json->put(static_cast<char>(byte));
  }
}

// A message may quote what was found; what is not UTF-8 in it becomes question marks.
void put_string(BoundedText* json, std::string_view text) {
  const bool is_text = guardrank::is_valid_utf8(text);
  json->put('"');
  for (const char byte : text) {
    const auto value = static_cast<unsigned char>(byte);
    put_escaped(json, value >= 0x80 && !is_text ? static_cast<unsigned char>('?') : value);
  }
  json->put('"');
}

void put_member(BoundedText* json, std::string_view key, std::string_view value) {
  json->put(", \"");
  json->put(key);
  json->put("\": ");
  put_string(json, value);
}

void put_error(BoundedText* json, gr_status code, const Error& error) {
  char number[16];
  const std::size_t size = guardrank::write_pieces(number, sizeof number, {code});
  json->put("{\"error\": {\"code\": ");
  json->put({number, size});
  put_member(json, "name", gr_status_name(code));
  put_member(json, "message", error.message());
  put_member(json, "where", error.where());
  json->put("}}");
}

Error without_memory() {
  Error error;
  error.no_memory("");
  return error;
}

}  // namespace

extern "C" {

const char* gr_status_name(gr_status status) {
  // Names are literals, so a zero byte follows them.
  return guardrank::status_name(static_cast<guardrank::Status>(status)).data();
}

gr_status gr_error_code(const gr_error* error) {
  return error == nullptr ? GR_STATUS_OK : static_cast<gr_status>(error->error.code());
}

gr_text gr_error_message(const gr_error* error) {
  if (error == nullptr) return {"", 0};
  return {error->message, error->error.message().size()};
}

gr_text gr_error_where(const gr_error* error) {
  if (error == nullptr) return {"", 0};
  return {error->where, error->error.where().size()};
}

gr_text gr_error_expected(const gr_error* error) {
  if (error == nullptr) return {"", 0};
  return {error->expected, error->error.expected().size()};
}

gr_text gr_error_found(const gr_error* error) {
  if (error == nullptr) return {"", 0};
  return {error->found, error->error.found().size()};
}

void gr_error_free(gr_error* error) {
  if (error != nullptr) guardrank::free_handle(error->allocator, error);
}

size_t gr_error_json(const gr_error* error, char* out, size_t capacity) {
  BoundedText json{out, out == nullptr ? 0 : capacity};
  const Error failure = error == nullptr ? without_memory() : error->error;
  put_error(&json, static_cast<gr_status>(failure.code()), failure);
  if (json.capacity != 0) out[json.size < capacity ? json.size : capacity - 1] = 0;
  return json.size;
}

}  // extern "C"
