#include "models/pack/weights/tensors.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>

#include "models/pack/pack_error.h"

namespace guardrank::pack {
namespace {

// What takes a layer's outputs in the graph that model.json describes.
enum class After { anything, relu, softmax, no_relu };

struct Wanted {
  std::string name;
  std::vector<std::uint64_t> shape;
  std::vector<float>* values;
  After after = After::anything;
  std::string found;                       // its name in the file
};

void want_layer(const std::string& prefix, After after, FloatLayer* layer,
                std::vector<Wanted>* wanted) {
  wanted->push_back({prefix + ".weight", {layer->n_out, layer->n_in}, &layer->weights, after, {}});
  wanted->push_back({prefix + ".bias", {layer->n_out}, &layer->bias, After::anything, {}});
}

std::string owner_name(const TrainedModel& model, std::uint32_t owner) {
  return owner == shared_owner ? "shared" : std::string(model.heads[owner].head.name);
}

void want_level(TrainedModel* model, std::size_t depth, std::vector<Wanted>* wanted) {
  const std::string prefix = "level." + std::to_string(depth);
  for (TrainedExpert& expert : model->levels[depth].experts) {
    for (std::size_t k = 0; k < expert.layers.size(); ++k)
      want_layer(prefix + ".expert." + expert.name + ".layer." + std::to_string(k), After::relu,
                 &expert.layers[k], wanted);
  }
  for (TrainedGate& gate : model->levels[depth].gates) {
    if (gate.layer)
      want_layer(prefix + ".gate." + owner_name(*model, gate.owner), After::softmax, &*gate.layer,
                 wanted);
  }
}

void want_tower(const std::string& prefix, std::vector<FloatLayer>* tower,
                std::vector<Wanted>* wanted) {
  for (std::size_t k = 0; k < tower->size(); ++k)
    want_layer(prefix + ".layer." + std::to_string(k),
               k + 1 < tower->size() ? After::relu : After::no_relu, &(*tower)[k], wanted);
}

std::vector<Wanted> wanted_tensors(TrainedModel* model) {
  std::vector<Wanted> wanted;
  for (std::size_t i = 0; i < model->fields.size(); ++i) {
    const Field& field = model->fields[i];
    if (field.output == OutputKind::embedding)
      wanted.push_back({"embedding." + std::string(field.name) + ".weight",
                        {field.n_codes, field.dim},
                        &model->tables[i],
                        After::anything,
                        {}});
  }
  for (std::size_t l = 0; l < model->levels.size(); ++l) want_level(model, l, &wanted);
  for (TrainedHead& head : model->heads)
    want_tower("tower." + std::string(head.head.name), &head.tower, &wanted);
  if (model->retrieval) {
    want_tower("retrieval.context", &model->retrieval->context, &wanted);
    want_tower("retrieval.offer", &model->retrieval->offer, &wanted);
  }
  return wanted;
}

std::string where_of(const TensorFile& file, const std::string& tensor) {
  return file.name() + ": tensor " + tensor;
}

void check_names(const TrainedModel& model, const std::vector<Wanted>& wanted) {
  for (const auto& [name, other] : model.tensor_names) {
    const bool is_wanted = std::any_of(wanted.begin(), wanted.end(),
                                       [&](const Wanted& tensor) { return tensor.name == name; });
    if (!is_wanted)
      throw PackError(Status::model_json, "model.json: tensors." + name,
                      "the model has no tensor of this name");
  }
}

// The name that the file has for it; empty where it has none.
std::string find_tensor(const TensorFile& file, const TrainedModel& model, const std::string& name) {
  const auto given = model.tensor_names.find(name);
  const std::string known = given == model.tensor_names.end() ? name : given->second;
  if (given != model.tensor_names.end() && file.find(known) == nullptr)
    throw PackError(Status::tensor_missing, "model.json: tensors." + name,
                    file.name() + " has no tensor " + known);
  return file.find(known) == nullptr ? std::string() : known;
}

void find_tensors(const TensorFile& file, const TrainedModel& model, std::vector<Wanted>* wanted) {
  constexpr std::string_view weight = ".weight";
  for (Wanted& tensor : *wanted) {
    tensor.found = find_tensor(file, model, tensor.name);
    if (!tensor.found.empty() || !tensor.name.ends_with(weight)) continue;
    const std::string layer = tensor.name.substr(0, tensor.name.size() - weight.size());
    const std::string bias = find_tensor(file, model, layer + ".bias");
    if (!bias.empty()) tensor.found = file.weight_beside(bias);
  }
}

void check_shape(const TensorFile& file, const Wanted& tensor) {
  const TensorEntry* entry = file.find(tensor.found);
  if (entry == nullptr)
    throw PackError(Status::tensor_missing, where_of(file, tensor.name),
                    "missing; model.json wants it with shape " + shape_text(tensor.shape));
  const std::string where = where_of(file, tensor.name) +
                            (tensor.found == tensor.name ? "" : " (" + tensor.found + ")");
  if (!entry->refusal.empty()) throw PackError(Status::model_json, where, entry->refusal);
  if (entry->shape != tensor.shape)
    throw PackError(Status::tensor_shape, where,
                    "wanted shape " + shape_text(tensor.shape) + ", found " + shape_text(entry->shape));
}

// Where the file carries its graph: a layer is followed by what model.json says.
void check_after(const TensorFile& file, const Wanted& tensor) {
  const std::vector<std::string> operators = file.operators_after(tensor.found);
  const auto refuse = [&](const std::string& found, const std::string& expected) {
    throw PackError(Status::model_json, where_of(file, tensor.name),
                    "its layer is followed by " + found + " in the graph: model.json wants " + expected);
  };
  for (const std::string& op : operators) {
    if (tensor.after == After::relu && op != "Relu") refuse(op, "Relu");
    if (tensor.after == After::softmax && op != "Softmax") refuse(op, "Softmax");
    if (tensor.after == After::no_relu && op == "Relu") refuse(op, "the logit itself");
  }
}

void check_places(const TensorFile& file, const std::vector<Wanted>& wanted) {
  std::set<std::string_view> known;
  for (const Wanted& tensor : wanted) {
    known.insert(tensor.found);
    check_shape(file, tensor);
    if (tensor.after != After::anything) check_after(file, tensor);
  }
  std::string extra;
  std::size_t n_extra = 0;
  for (const auto& [name, entry] : file.entries()) {
    if (entry.may_be_left || known.contains(name)) continue;
    if (++n_extra <= 5) extra += (n_extra == 1 ? "" : ", ") + name;
  }
  if (n_extra > 5) extra += " and " + std::to_string(n_extra - 5) + " more";
  if (n_extra > 0)
    throw PackError(Status::tensor_shape, file.name(),
                    "holds tensors that model.json has no place for: " + extra);
}

void check_finite(const TensorFile& file, const Wanted& tensor) {
  for (std::size_t i = 0; i < tensor.values->size(); ++i) {
    if (!std::isfinite((*tensor.values)[i]))
      throw PackError(Status::not_finite, where_of(file, tensor.name),
                      "element " + std::to_string(i) + " is not finite");
  }
}

// Where each fed column in x order stands among the fed columns in model.json's order.
std::vector<std::uint32_t> fed_columns(const TrainedModel& model) {
  std::vector<std::uint32_t> start(model.fields.size(), 0);
  std::uint32_t at = 0;
  for (std::uint32_t field : model.json_order) {
    if (!model.fields[field].feeds_every_layer) continue;
    start[field] = at;
    at += model.fields[field].n_inputs();
  }
  std::vector<std::uint32_t> columns;
  for (std::size_t f = 0; f < model.fields.size(); ++f) {
    if (!model.fields[f].feeds_every_layer) continue;
    for (std::uint32_t j = 0; j < model.fields[f].n_inputs(); ++j) columns.push_back(start[f] + j);
  }
  return columns;
}

void reorder_fed(const std::vector<std::uint32_t>& columns, FloatLayer* layer) {
  if (layer->reads_x || columns.empty()) return;
  const std::size_t previous = layer->n_in - columns.size();
  std::vector<float> row(columns.size());
  for (std::uint32_t o = 0; o < layer->n_out; ++o) {
    float* fed = layer->weights.data() + std::size_t{o} * layer->n_in + previous;
    for (std::size_t j = 0; j < columns.size(); ++j) row[j] = fed[columns[j]];
    for (std::size_t j = 0; j < columns.size(); ++j) fed[j] = row[j];
  }
}

void for_each_layer(TrainedModel* model, const std::function<void(FloatLayer*)>& visit) {
  for (TrainedLevel& level : model->levels) {
    for (TrainedExpert& expert : level.experts) {
      for (FloatLayer& layer : expert.layers) visit(&layer);
    }
    for (TrainedGate& gate : level.gates) {
      if (gate.layer) visit(&*gate.layer);
    }
  }
  for (TrainedHead& head : model->heads) {
    for (FloatLayer& layer : head.tower) visit(&layer);
  }
}

}  // namespace

void read_tensors(TensorFile* file, TrainedModel* model) {
  std::vector<Wanted> wanted = wanted_tensors(model);
  check_names(*model, wanted);
  find_tensors(*file, *model, &wanted);
  check_places(*file, wanted);
  for (const Wanted& tensor : wanted) {
    *tensor.values = file->read(tensor.found);
    check_finite(*file, tensor);
  }
  const std::vector<std::uint32_t> columns = fed_columns(*model);
  for_each_layer(model, [&](FloatLayer* layer) { reorder_fed(columns, layer); });
}

}  // namespace guardrank::pack
