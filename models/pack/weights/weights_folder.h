// A folder of trained weights: model.json and weights.safetensors or weights.onnx.
#pragma once

#include <filesystem>

#include "models/pack/weights/trained_model.h"

namespace guardrank::pack {

TrainedModel read_weights_folder(const std::filesystem::path& folder);

}  // namespace guardrank::pack
