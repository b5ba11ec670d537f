#include "models/pack/weights/holdout.h"

#include <cmath>

#include "models/pack/pack_error.h"
#include "models/pack/weights/safetensors.h"

namespace guardrank::pack {
namespace {

constexpr const char* file_name = "holdout.safetensors";

std::string where(const std::string& tensor) {
  return std::string(file_name) + ": tensor " + tensor;
}

void check_pair(const SafetensorsFile& file, const std::string& logit, const std::string& label) {
  const TensorEntry* a = file.find(logit);
  const TensorEntry* b = file.find(label);
  if (a == nullptr || b == nullptr)
    throw PackError(Status::tensor_missing, where(a == nullptr ? logit : label),
                    "missing; logit and label of a head stand together");
  if (a->shape.size() != 1)
    throw PackError(Status::tensor_shape, where(logit),
                    "wanted one dimension, found shape " + shape_text(a->shape));
  if (a->shape != b->shape)
    throw PackError(Status::tensor_shape, where(label),
                    "wanted shape " + shape_text(a->shape) + " as its logit has, found " +
                        shape_text(b->shape));
}

HoldoutHead read_head(SafetensorsFile* file, const std::string& logit, const std::string& label) {
  const std::vector<double> logits = file->read_double(logit), labels = file->read_double(label);
  HoldoutHead out;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    if (std::isnan(logits[i]) || std::isnan(labels[i])) continue;
    if (!std::isfinite(logits[i]))
      throw PackError(Status::not_finite, where(logit),
                      "element " + std::to_string(i) + " is infinite");
    if (labels[i] != 0 && labels[i] != 1)
      throw PackError(Status::type, where(label),
                      "element " + std::to_string(i) + ": wanted 0, 1 or NaN, found " +
                          std::to_string(labels[i]));
    out.logits.push_back(logits[i]);
    out.labels.push_back(labels[i] == 1 ? 1 : 0);
  }
  return out;
}

void check_names(const SafetensorsFile& file, const TrainedModel& model) {
  for (const auto& [name, entry] : file.entries()) {
    bool is_known = false;
    for (const TrainedHead& head : model.heads) {
      const std::string of(head.head.name);
      is_known = is_known || name == "logit." + of || name == "label." + of;
    }
    if (!is_known)
      throw PackError(Status::tensor_shape, where(name),
                      "wanted logit.<head> and label.<head> only");
  }
}

}  // namespace

std::vector<HoldoutHead> read_holdout(const std::filesystem::path& folder,
                                      const TrainedModel& model) {
  std::vector<HoldoutHead> out(model.heads.size());
  const std::filesystem::path path = folder / file_name;
  if (std::filesystem::exists(path)) {
    SafetensorsFile file(path, file_name);
    check_names(file, model);
    for (std::size_t h = 0; h < model.heads.size(); ++h) {
      const std::string name(model.heads[h].head.name);
      if (model.heads[h].head.kind != HeadKind::probability) continue;
      if (file.find("logit." + name) == nullptr && file.find("label." + name) == nullptr) continue;
      check_pair(file, "logit." + name, "label." + name);
      out[h] = read_head(&file, "logit." + name, "label." + name);
    }
  }
  for (std::size_t h = 0; h < model.heads.size(); ++h) {
    if (model.heads[h].fit && out[h].logits.empty())
      throw PackError(Status::calibrator, "model.json: heads[" + std::to_string(h) + "].calibrator",
                      "a calibrator to fit needs rows of the head in holdout.safetensors "
                      "(logit." +
                          std::string(model.heads[h].head.name) + ", label." +
                          std::string(model.heads[h].head.name) + "); there are none");
  }
  return out;
}

}  // namespace guardrank::pack
