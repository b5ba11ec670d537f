// The numbers of a trained model, from weights.safetensors into the sized graph.
#pragma once

#include "models/pack/weights/safetensors.h"
#include "models/pack/weights/trained_model.h"

namespace guardrank::pack {

// Fills tables and layers. Status::tensor_missing, tensor_shape (wanted and found shapes; also for
// tensors that the graph has no place for, which are listed), not_finite. All names and shapes are
// checked before the first number is read.
void read_tensors(SafetensorsFile* file, TrainedModel* model);

}  // namespace guardrank::pack
