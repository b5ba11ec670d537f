// "retrieval" of model.json: stage one's towers and the sizes of their layers.
#include "core/base/limits.h"
#include "models/pack/pack_error.h"
#include "models/pack/weights/model_json.h"

namespace guardrank::pack {
namespace {

// Hidden layers as stated, then one of `dim` outputs.
std::vector<FloatLayer> read_tower(const JsonNode& node, std::uint32_t n_in, std::uint32_t dim) {
  std::vector<FloatLayer> layers;
  const auto add = [&](std::uint32_t n_out) {
    FloatLayer layer;
    layer.n_out = n_out;
    layer.n_in = n_in;
    layers.push_back(layer);
    n_in = n_out;
  };
  for (const JsonNode& item : node.items(limits::layers - 1))
    add(item.natural(1, limits::layer_width));
  add(dim);
  return layers;
}

void check_offer_field(const JsonNode& node, const TrainedModel& model, const Field& field) {
  if (field.side != Side::candidate || field.output != OutputKind::dense || !field.inputs.empty())
    node.refuse("\"" + std::string(field.name) +
                "\": wanted dense fields of the candidate that read their own fact");
  for (const Field& other : model.fields)
    if (other.name == field.name)
      node.refuse("\"" + std::string(field.name) +
                  "\" is a field of the model, which the offer tower reads anyway");
}

// What an offer's vector is made from must not change after packing.
void check_lasting(const JsonNode& node, std::span<const Field> fields) {
  for (const Field& field : fields) {
    if (field.side != Side::candidate) continue;
    for (const Transform& transform : field.transforms)
      if (transform.kind == TransformKind::days_since)
        node.refuse("the offer tower reads \"" + std::string(field.name) +
                    "\", whose days_since changes with the time of a request");
  }
}

void read_offer_fields(const JsonNode& node, const TrainedModel& model,
                       TrainedRetrieval* retrieval) {
  retrieval->offer_fields = std::make_shared<TrainedModel>();
  read_fields(node, retrieval->offer_fields.get());
  for (const Field& field : retrieval->offer_fields->fields) check_offer_field(node, model, field);
  check_lasting(node, retrieval->offer_fields->fields);
}

}  // namespace

void read_retrieval(const JsonNode& node, TrainedModel* model) {
  node.allow({"name", "dim", "context_tower", "offer_tower", "offer_fields"});
  TrainedRetrieval retrieval;
  if (const auto name = node.maybe("name")) retrieval.name = name->name();
  retrieval.dim = node.at("dim").natural(1, limits::embedding_dim);
  if (model->block_inputs[0] == 0 || model->block_inputs[1] == 0)
    node.refuse("wanted fields of the context and of the candidate");
  check_lasting(node, model->fields);
  std::uint32_t n_offer_inputs = model->block_inputs[1];
  if (const auto fields = node.maybe("offer_fields")) {
    read_offer_fields(*fields, *model, &retrieval);
    n_offer_inputs += retrieval.offer_fields->n_inputs;
  }
  retrieval.context = read_tower(node.at("context_tower"), model->block_inputs[0], retrieval.dim);
  retrieval.offer = read_tower(node.at("offer_tower"), n_offer_inputs, retrieval.dim);
  model->retrieval = std::move(retrieval);
}

}  // namespace guardrank::pack
