#include "models/pack/weights/weights_folder.h"

#include <fstream>

#include "models/pack/pack_error.h"
#include "models/pack/weights/input_file.h"
#include "models/pack/weights/model_json.h"
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
  throw PackError(Status::missing, name, "wanted a folder with model.json and weights.safetensors");
}

}  // namespace

TrainedModel read_weights_folder(const std::filesystem::path& folder) {
  check_folder(folder);
  if (!std::filesystem::exists(folder / "weights.safetensors")) refuse_unsafe_weights(folder);
  TrainedModel model = read_model_json(read_document(folder / "model.json", "model.json"));
  SafetensorsFile file(folder / "weights.safetensors", "weights.safetensors");
  read_tensors(&file, &model);
  return model;
}

}  // namespace guardrank::pack
