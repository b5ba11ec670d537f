#include "models/pack/weights/model_json.h"

#include "models/pack/json_copy.h"
#include "models/pack/pack_error.h"
#include "models/pack/rows/model_facts.h"
#include "models/pack/weights/tensor_file.h"

namespace guardrank::pack {
namespace {

constexpr std::string_view document_name = "model.json";

// The engine's own check of the fields: facts that do not agree, ops that do not suit a type.
void check_features(const TrainedModel& model) {
  try {
    const ModelFacts facts(model.fields);
  } catch (const PackError& problem) {
    throw problem.within(document_name);
  }
}

}  // namespace

void read_lineage(const JsonNode& lineage, TrainedModel* model) {
  lineage.allow({"code", "data", "features", "config", "lock", "evaluation"});
  const auto text = [&](std::string_view name, std::string_view* out) {
    if (const auto node = lineage.maybe(name)) *out = model->memory.text(node->text());
  };
  text("code", &model->lineage.code);
  text("data", &model->lineage.data);
  text("features", &model->lineage.features);
  text("config", &model->lineage.config);
  text("lock", &model->lineage.lock);
  if (const auto evaluation = lineage.maybe("evaluation")) {
    JsonWriter writer(&model->memory.arena());
    copy_json(evaluation->value(), &writer);
    model->lineage.evaluation = writer.view();
  }
}

TrainedModel read_model_json(std::string_view text) {
  TrainedModel model;
  const JsonNode root = parse_document(text, document_name, Status::model_json, &model.memory);
  root.allow({"format", "name", "version", "fields", "levels", "heads", "lineage", "retrieval", "tensors"});
  const JsonNode format = root.at("format");
  if (format.number() != 1) format.wanted("1");
  model.name = model.memory.text(root.at("name").name());
  model.version = model.memory.text(root.at("version").name());
  read_fields(root.at("fields"), &model);
  read_heads(root.at("heads"), &model);
  read_levels(root.at("levels"), &model);
  size_towers(&model);
  if (const auto retrieval = root.maybe("retrieval"); retrieval && !retrieval->is(JsonType::null))
    read_retrieval(*retrieval, &model);
  if (const auto lineage = root.maybe("lineage")) read_lineage(*lineage, &model);
  if (const auto tensors = root.maybe("tensors")) {
    for (const JsonNode& name : tensors->members(max_tensors))
      model.tensor_names.emplace(name.key(), name.name());
  }
  check_features(model);
  return model;
}

TrainedModel read_fields_json(std::string_view text) {
  TrainedModel model;
  const JsonNode root = parse_document(text, document_name, Status::model_json, &model.memory);
  if (root.is(JsonType::object))
    read_fields(root.at("fields"), &model);
  else
    read_fields(root, &model);
  check_features(model);
  return model;
}

}  // namespace guardrank::pack
