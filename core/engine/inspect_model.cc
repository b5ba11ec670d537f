#include "core/engine/inspect.h"

#include "core/artifact/row_shards.h"

namespace guardrank {
namespace {

constexpr std::string_view side_names[] = {"context", "candidate", "pair"};
constexpr std::string_view transform_names[] = {
    "identity", "fill", "clip", "log1p", "signed_log", "standardize",
    "bucketize", "vocabulary", "hash", "cross", "days_since"};
constexpr std::string_view pooling_names[] = {"none", "mean", "sum"};
constexpr std::string_view sampling_names[] = {"none", "correct", "weighted"};
constexpr std::string_view calibrator_names[] = {"identity", "platt", "temperature", "beta",
                                                 "isotonic"};

template <std::size_t N, typename Kind>
std::string_view name_of(const std::string_view (&names)[N], Kind kind) {
  const auto index = static_cast<std::size_t>(kind);
  return index < N ? names[index] : std::string_view{};
}

void inspect_field(const Field& field, JsonWriter* json) {
  json->begin_object();
  json->key("name").string(field.name);
  json->key("side").string(name_of(side_names, field.side));
  json->key("type").string(fact_type_name(field.type));
  json->key("transforms").begin_array();
  for (const Transform& transform : field.transforms) {
    json->string(name_of(transform_names, transform.kind));
  }
  json->end_array();
  if (field.output == OutputKind::embedding) {
    json->key("output").string("embedding");
    json->key("dim").natural(field.dim);
    json->key("codes").natural(field.n_codes);
    json->key("pool").string(name_of(pooling_names, field.pooling));
    if (field.shard_rows != 0) {
      json->key("shards").begin_object();
      json->key("rows").natural(field.shard_rows);
      json->key("count").natural(n_shards(field));
      json->key("together").boolean(!field.is_apart());
      json->end_object();
    }
  } else {
    json->key("output").string("dense");
    json->key("width").natural(field.width);
    json->key("indicator").boolean(field.has_indicator);
  }
  json->key("module").boolean(field.is_module);
  json->key("feeds_every_layer").boolean(field.feeds_every_layer);
  json->end_object();
}

void inspect_layers(std::span<const Layer> layers, JsonWriter* json) {
  json->begin_array();
  for (const Layer& layer : layers) json->natural(layer.n_out);
  json->end_array();
}

std::string_view owner_name(const Model& model, std::uint32_t owner) {
  return owner < model.heads.size() ? model.heads[owner].name : std::string_view{"shared"};
}

void inspect_level(const Model& model, const Level& level, JsonWriter* json) {
  json->begin_object();
  json->key("experts").begin_array();
  for (const Expert& expert : level.experts) {
    json->begin_object();
    json->key("name").string(expert.name);
    json->key("for").string(owner_name(model, expert.owner));
    inspect_layers(expert.layers, &json->key("layers"));
    json->end_object();
  }
  json->end_array();
  json->key("gates").begin_array();
  for (const Gate& gate : level.gates) {
    json->begin_object();
    json->key("head").string(owner_name(model, gate.owner));
    json->key("experts").natural(gate.experts.size());
    json->end_object();
  }
  json->end_array().end_object();
}

void inspect_probability(const Head& head, JsonWriter* json) {
  json->key("negative_sampling_rate").number(head.negative_sampling_rate);
  json->key("sampling_handled").string(name_of(sampling_names, head.sampling_handled));
  json->key("positive_weight").number(head.positive_weight);
  json->key("calibrator").string(name_of(calibrator_names, head.calibrator.kind));
  if (head.segment_field.empty()) return;
  json->key("segment_field").string(head.segment_field);
  json->key("segments").natural(head.segments.size());
}

void inspect_head(const Model& model, const Head& head, JsonWriter* json) {
  const bool is_value = head.kind == HeadKind::log_amount;
  json->begin_object();
  json->key("name").string(head.name);
  json->key("kind").string(is_value ? "log_amount" : "probability");
  json->key("given");
  if (head.given < model.heads.size()) json->string(model.heads[head.given].name);
  else json->null();
  inspect_layers(head.tower, &json->key("tower"));
  if (is_value) {
    json->key("log_sigma").number(head.log_sigma);
    json->key("ratio").number(head.ratio);
    json->key("unit").string(head.unit);
  } else {
    inspect_probability(head, json);
  }
  json->end_object();
}

void inspect_lineage(const Lineage& lineage, JsonWriter* json) {
  json->key("lineage").begin_object();
  json->key("code").string(lineage.code);
  json->key("data").string(lineage.data);
  json->key("features").string(lineage.features);
  json->key("config").string(lineage.config);
  json->key("lock").string(lineage.lock);
  json->key("evaluation").string(lineage.evaluation);
  json->end_object();
}

}  // namespace

void inspect_model(const Model& model, JsonWriter* json) {
  json->begin_object();
  json->key("name").string(model.name);
  json->key("version").string(model.version);
  inspect_id("id", model.container.id, json);
  json->key("fields").begin_array();
  for (const Field& field : model.fields) inspect_field(field, json);
  json->end_array();
  json->key("levels").begin_array();
  for (const Level& level : model.levels) inspect_level(model, level, json);
  json->end_array();
  json->key("heads").begin_array();
  for (const Head& head : model.heads) inspect_head(model, head, json);
  json->end_array();
  json->key("golden_requests").natural(model.golden.size());
  inspect_lineage(model.lineage, json);
  json->key("report").string(model.report);
  json->end_object();
}

}  // namespace guardrank
