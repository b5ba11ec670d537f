#include "models/pack/json_copy.h"

namespace guardrank::pack {
namespace {

void copy_children(const JsonValue& value, JsonWriter* writer) {
  for (const JsonValue* at = value.first; at != nullptr; at = at->next) {
    if (value.type == JsonType::object) writer->key(at->key);
    copy_json(*at, writer);
  }
}

}  // namespace

void copy_json(const JsonValue& value, JsonWriter* writer) {
  switch (value.type) {
    case JsonType::null:
      writer->null();
      return;
    case JsonType::boolean:
      writer->boolean(value.boolean);
      return;
    case JsonType::string:
      writer->string(value.text);
      return;
    case JsonType::number:
      if (value.is_integer)
        writer->integer(value.integer);
      else
        writer->number(value.number);
      return;
    case JsonType::array:
      writer->begin_array();
      copy_children(value, writer);
      writer->end_array();
      return;
    case JsonType::object:
      writer->begin_object();
      copy_children(value, writer);
      writer->end_object();
      return;
  }
}

}  // namespace guardrank::pack
