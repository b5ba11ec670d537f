#include "models/pack/weights/weights_folder.h"

#include <fstream>
#include <memory>

#include "models/pack/pack_error.h"
#include "models/pack/weights/input_file.h"
#include "models/pack/weights/model_json.h"
#include "models/pack/weights/onnx_file.h"
#include "models/pack/weights/safetensors.h"
#include "models/pack/weights/tensors.h"

namespace guardrank::pack {
namespace {

void check_folder(const std::filesystem::path& folder) {
  std::error_code code;
  if (std::filesystem::is_directory(folder, code)) return;
  const std::string name = folder.string();
  std::ifstream file(folder, std::ios::binary);
  char first[16] = {};
  file.read(first, sizeof first);
  refuse_unsafe_bytes({first, static_cast<std::size_t>(file.gcount())}, name);
  throw PackError(Status::missing, name, "wanted a folder with model.json and weights.safetensors or weights.onnx");
}

std::unique_ptr<TensorFile> open_tensors(const std::filesystem::path& folder) {
  const std::string safetensors = "weights.safetensors", onnx = "weights.onnx";
  const bool has_safetensors = std::filesystem::exists(folder / safetensors);
  const bool has_onnx = std::filesystem::exists(folder / onnx);
  if (has_safetensors && has_onnx)
    throw PackError(Status::argument, onnx, "stands beside " + safetensors + ": wanted one of them");
  if (has_onnx) return std::make_unique<OnnxFile>(folder / onnx, onnx);
  return std::make_unique<SafetensorsFile>(folder / safetensors, safetensors);
}

}  // namespace

TrainedModel read_weights_folder(const std::filesystem::path& folder) {
  check_folder(folder);
  if (!std::filesystem::exists(folder / "weights.safetensors") &&
      !std::filesystem::exists(folder / "weights.onnx"))
    refuse_unsafe_weights(folder);
  TrainedModel model = read_model_json(read_document(folder / "model.json", "model.json"));
  read_tensors(open_tensors(folder).get(), &model);
  return model;
}

}  // namespace guardrank::pack
