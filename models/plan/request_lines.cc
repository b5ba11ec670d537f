#include "models/plan/request_lines.h"

#include "core/base/json.h"
#include "models/pack/json_copy.h"
#include "models/pack/memory.h"
#include "models/pack/pack_error.h"

namespace guardrank::plan {
namespace {

std::string without_labels(std::string_view line, pack::Memory* memory) {
  const JsonValue* root = nullptr;
  Error error;
  pack::throw_if(parse_json(line, &memory->arena(), &root, &error), error);
  if (root->type != JsonType::object) throw pack::PackError(Status::type, "", "wanted an object");
  if (root->member("labels") == nullptr) return std::string(line);
  JsonWriter writer(&memory->arena());
  writer.begin_object();
  for (const JsonValue* at = root->first; at != nullptr; at = at->next) {
    if (at->key == "labels") continue;
    writer.key(at->key);
    pack::copy_json(*at, &writer);
  }
  writer.end_object();
  if (writer.status() != Status::ok) throw pack::PackError(writer.status(), "", "no memory");
  return std::string(writer.view());
}

}  // namespace

void read_request_lines(std::string_view text,
                        const std::function<void(std::string request, std::size_t line)>& visit) {
  pack::Memory memory;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    memory.arena().reset();
    try {
      visit(without_labels(line, &memory), number);
    } catch (const pack::PackError& problem) {
      throw problem.within("line " + std::to_string(number));
    }
  }
}

}  // namespace guardrank::plan
