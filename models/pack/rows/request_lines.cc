#include "models/pack/rows/request_lines.h"

#include <string>

#include "models/pack/json_copy.h"
#include "models/pack/rows/on_line.h"

namespace guardrank::pack {

void for_each_request_line(std::string_view text, const VisitRequestLine& visit) {
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    try {
      visit(line, number);
    } catch (const PackError& problem) {
      throw on_line(problem, "line " + std::to_string(number));
    }
  }
}

LabelledRequest take_labels(std::string_view line, Memory* memory) {
  const JsonValue* root = nullptr;
  Error error;
  throw_if(parse_json(line, &memory->arena(), &root, &error), error);
  if (root->type != JsonType::object) throw PackError(Status::type, "", "wanted an object");
  const JsonValue* labels = root->member("labels");
  if (labels == nullptr) return {nullptr, line};
  JsonWriter writer(&memory->arena());
  writer.begin_object();
  for (const JsonValue* at = root->first; at != nullptr; at = at->next) {
    if (at == labels) continue;
    writer.key(at->key);
    copy_json(*at, &writer);
  }
  writer.end_object();
  if (writer.status() != Status::ok) throw PackError(writer.status(), "", "out of memory");
  return {labels, writer.view()};
}

}  // namespace guardrank::pack
