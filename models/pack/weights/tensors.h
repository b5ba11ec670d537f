// The numbers of a trained model, from its file of tensors into the sized graph.
#pragma once

#include "models/pack/weights/tensor_file.h"
#include "models/pack/weights/trained_model.h"

namespace guardrank::pack {

// Fills tables and layers. A tensor is found by its name (contracts.md, section 1) or the one that
// `model->tensor_names` gives for it; where the file carries its graph, a weight also as what multiplies where
// its bias is added. Status::tensor_missing, tensor_shape (wanted and found shapes; also for tensors that the
// model has no place for, which are listed), not_finite; model_json where names or the file's graph
// contradict the model. All but the numbers is checked before the first one is read.
void read_tensors(TensorFile* file, TrainedModel* model);

}  // namespace guardrank::pack
