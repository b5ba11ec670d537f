#include "core/frame/request_json_head.h"

#include <algorithm>

#include "core/frame/json_value.h"
#include "core/frame/route_parts.h"

namespace guardrank {

namespace {

// A text that a caller may leave out; null counts as left out.
Status read_text(const JsonValue& value, std::string_view where, std::string_view* text,
                 Error* error) {
  if (value.type == JsonType::null) return Status::ok;
  if (value.type != JsonType::string) return wrong_type(where, "a string", value.type, error);
  *text = value.text;
  return Status::ok;
}

// Digits up to 2^64 - 1.
bool parse_natural(std::string_view text, std::uint64_t* value) {
  std::uint64_t parsed = 0;
  for (const char digit : text) {
    if (digit < '0' || digit > '9') return false;
    if (__builtin_mul_overflow(parsed, std::uint64_t{10}, &parsed)) return false;
    const auto step = static_cast<std::uint64_t>(digit - '0');
    if (__builtin_add_overflow(parsed, step, &parsed)) return false;
  }
  *value = parsed;
  return !text.empty();
}

Status read_id(const JsonValue& value, Request* request, Error* error) {
  std::string_view id;
  GUARDRANK_TRY(read_text(value, "request_id", &id, error));
  return request->set_request_id(id, error);
}

Status read_time(const JsonValue& value, Request* request, bool* has_time, Error* error) {
  if (value.type == JsonType::null) return Status::ok;
  Value time;
  GUARDRANK_TRY(json_time(value, "time", &time, error));
  request->set_time(time.integer);
  *has_time = true;
  return Status::ok;
}

Status read_seed(const JsonValue& value, Request* request, Error* error) {
  if (value.type == JsonType::null) return Status::ok;
  constexpr std::string_view wanted = "a whole number from 0 to 2^64 - 1";
  if (value.type != JsonType::number && value.type != JsonType::string) {
    return wrong_type("seed", wanted, value.type, error);
  }
  std::uint64_t seed = 0;
  if (!parse_natural(value.text, &seed)) {
    return error->wanted(Status::argument, "seed", {wanted}, {"'", value.text.substr(0, 40), "'"});
  }
  request->set_seed(seed);
  return Status::ok;
}

Status read_limit(const JsonValue& value, Request* request, Error* error) {
  if (value.type == JsonType::null) return Status::ok;
  constexpr std::string_view wanted = "a whole number from 1 to 4294967295";
  if (value.type != JsonType::number) return wrong_type("limit", wanted, value.type, error);
  if (!value.is_integer || value.integer < 1 || value.integer > UINT32_MAX) {
    const bool is_whole = value.text.find_first_of(".eE") == std::string_view::npos;
    return error->wanted(is_whole ? Status::argument : Status::type, "limit", {wanted}, {value.text.substr(0, 40)});
  }
  request->set_limit(static_cast<std::uint32_t>(value.integer));
  return Status::ok;
}

Status read_explain(const JsonValue& value, Request* request, Error* error) {
  if (value.type == JsonType::null) return Status::ok;
  if (value.type != JsonType::boolean) {
    return wrong_type("explain", "a boolean", value.type, error);
  }
  request->set_explain(value.boolean);
  return Status::ok;
}

// An object of texts, by their names; `where` is "route" or "served".
Status read_texts(const JsonValue& value, std::string_view where,
                  std::span<const std::string_view> names, std::string_view* texts, Error* error) {
  if (value.type == JsonType::null) return Status::ok;
  if (value.type != JsonType::object) return wrong_type(where, "an object", value.type, error);
  for (const JsonValue* given = value.first; given != nullptr; given = given->next) {
    const auto known = std::find(names.begin(), names.end(), given->key);
    if (known == names.end()) return unknown_member(where, given->key, error);
    const Text<32> path({where, ".", *known});
    GUARDRANK_TRY(read_text(*given, path, &texts[known - names.begin()], error));
  }
  return Status::ok;
}

Status read_route(const JsonValue& value, Request* request, Error* error) {
  constexpr std::size_t n = std::size(route_parts);
  std::string_view names[n], texts[n];
  for (std::size_t i = 0; i < n; ++i) names[i] = route_parts[i].name;
  GUARDRANK_TRY(read_texts(value, "route", names, texts, error));
  RouteKey key;
  for (std::size_t i = 0; i < n; ++i) key.*route_parts[i].value = texts[i];
  return request->set_route(key, error);
}

Status read_served(const JsonValue& value, Request* request, Error* error) {
  Served served;
  GUARDRANK_TRY(read_texts(value, "served", served_names, served.data(), error));
  return request->set_served(served, error);
}

}  // namespace

Status unknown_member(std::string_view where, std::string_view name, Error* error) {
  return error->set(Status::json, where, {"unknown member '", name, "'"});
}

Status read_request_head(const JsonValue& member, Request* request, bool* is_known,
                         bool* has_time, Error* error) {
  *is_known = true;
  if (member.key == "request_id") return read_id(member, request, error);
  if (member.key == "time") return read_time(member, request, has_time, error);
  if (member.key == "seed") return read_seed(member, request, error);
  if (member.key == "limit") return read_limit(member, request, error);
  if (member.key == "explain") return read_explain(member, request, error);
  if (member.key == "route") return read_route(member, request, error);
  if (member.key == "served") return read_served(member, request, error);
  *is_known = false;
  return Status::ok;
}

}  // namespace guardrank
