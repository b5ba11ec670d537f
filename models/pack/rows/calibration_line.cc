#include "models/pack/rows/calibration_line.h"

#include "core/base/number_text.h"
#include "models/pack/json_copy.h"
#include "models/pack/rows/on_line.h"
#include "models/pack/weights/json_node.h"

namespace guardrank::pack {
namespace {

std::string object_text(const JsonNode& node, std::string_view left_out, Memory* memory) {
  if (!node.is(JsonType::object)) node.wanted("an object");
  JsonWriter writer(&memory->arena());
  writer.begin_object();
  for (const JsonValue* at = node.value().first; at != nullptr; at = at->next) {
    if (at->key == left_out) continue;
    writer.key(at->key);
    copy_json(*at, &writer);
  }
  writer.end_object();
  return std::string(writer.view());
}

std::string quoted(std::string_view text, Memory* memory) {
  JsonWriter writer(&memory->arena());
  writer.string(text);
  return std::string(writer.view());
}

JsonNode parse_line(std::string_view text, const std::string& place, Memory* memory) {
  const JsonValue* root = nullptr;
  Error error;
  try {
    throw_if(parse_json(text, &memory->arena(), &root, &error), error);
  } catch (const PackError& problem) {
    throw on_line(problem, place);
  }
  return {root, place, "", Status::json};
}

}  // namespace

CalibrationLine read_calibration_line(std::string_view text, std::size_t number) {
  Memory memory;
  const JsonNode root =
      parse_line(text, "calibration.jsonl: line " + std::to_string(number), &memory);
  root.allow({"context", "candidate", "pair", "time"});
  CalibrationLine line;
  if (const auto node = root.maybe("context")) line.context = object_text(*node, "", &memory);
  if (const auto node = root.maybe("pair")) line.pair = object_text(*node, "", &memory);
  if (const auto node = root.maybe("candidate")) {
    line.candidate = object_text(*node, "offer_id", &memory);
    const auto offer = node->maybe("offer_id");
    if (offer && !offer->is(JsonType::null)) line.offer = offer->name();
  }
  if (const auto node = root.maybe("time")) {
    std::int64_t micros = 0;
    if (!parse_timestamp(node->text(), &micros)) node->wanted("a time as RFC 3339 has it");
    line.time = micros;
  }
  return line;
}

std::string request_json(std::span<const CalibrationLine> lines, std::int64_t now) {
  Memory memory;
  char time[32];
  const std::size_t n_time = write_timestamp(now, time);
  std::string text = "{\"time\":\"" + std::string(time, n_time) +
                     "\",\"context\":" + lines.front().context + ",\"candidates\":[";
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string offer =
        lines[i].offer.empty() ? "row-" + std::to_string(i + 1) : lines[i].offer;
    text += (i == 0 ? "" : ",") + ("{\"offer\":" + quoted(offer, &memory)) +
            ",\"facts\":" + lines[i].candidate + ",\"pair\":" + lines[i].pair + "}";
  }
  return text + "]}";
}

}  // namespace guardrank::pack
