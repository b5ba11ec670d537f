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

// A tensor of a head's rows beside its logits.
void check_shape(const TensorEntry& logit, const TensorEntry& other, const std::string& name) {
  if (logit.shape == other.shape) return;
  throw PackError(Status::tensor_shape, where(name),
                  "wanted shape " + shape_text(logit.shape) + " as its logit has, found " + shape_text(other.shape));
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
  check_shape(*a, *b, label);
}

// Of all rows; empty where the file does not tell.
std::vector<double> read_segments(SafetensorsFile* file, const TrainedHead& head, const std::string& logit) {
  const std::string name = "segment." + std::string(head.head.name);
  const TensorEntry* entry = file->find(name);
  if (entry == nullptr) return {};
  check_shape(*file->find(logit), *entry, name);
  const std::vector<double> numbers = file->read_double(name);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const bool is_one = numbers[i] >= 0 && numbers[i] < static_cast<double>(head.segments.size()) &&
                        numbers[i] == std::floor(numbers[i]);
    if (!std::isnan(numbers[i]) && !is_one)
      throw PackError(Status::type, where(name),
                      "element " + std::to_string(i) + ": wanted the number of one of " +
                          std::to_string(head.segments.size()) + " segments, or NaN");
  }
  return numbers;
}

HoldoutHead read_head(SafetensorsFile* file, const TrainedHead& head) {
  const std::string logit = "logit." + std::string(head.head.name), label = "label." + std::string(head.head.name);
  check_pair(*file, logit, label);
  const std::vector<double> logits = file->read_double(logit), labels = file->read_double(label);
  const std::vector<double> segments = read_segments(file, head, logit);
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
    if (segments.empty()) continue;
    out.segments.push_back(std::isnan(segments[i]) ? -1 : static_cast<std::int32_t>(segments[i]));
  }
  return out;
}

void check_names(const SafetensorsFile& file, const TrainedModel& model) {
  for (const auto& [name, entry] : file.entries()) {
    bool is_known = false;
    for (const TrainedHead& head : model.heads) {
      const std::string of(head.head.name);
      is_known = is_known || name == "logit." + of || name == "label." + of ||
                 (!head.head.segment_field.empty() && name == "segment." + of);
    }
    if (!is_known)
      throw PackError(Status::tensor_shape, where(name),
                      "wanted logit.<head> and label.<head> only, and segment.<head> of heads with segments");
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
      out[h] = read_head(&file, model.heads[h]);
    }
  }
  for (std::size_t h = 0; h < model.heads.size(); ++h) {
    if (model.heads[h].fit && out[h].logits.empty())
      throw PackError(Status::calibrator, "model.json: heads[" + std::to_string(h) + "].calibrator",
                      "a calibrator to fit needs rows of the head in holdout.safetensors "
                      "(logit." +
                          std::string(model.heads[h].head.name) + ", label." +
                          std::string(model.heads[h].head.name) + "); there are none");
    if (model.heads[h].fits_segments && out[h].segments.empty())
      throw PackError(Status::calibrator, "model.json: heads[" + std::to_string(h) + "].calibrator",
                      "segments to fit need segment." + std::string(model.heads[h].head.name) +
                          " in holdout.safetensors: of each row the number of its name, or NaN");
  }
  return out;
}

}  // namespace guardrank::pack
