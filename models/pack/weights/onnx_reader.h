// The protobuf messages of an ONNX file.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "models/pack/weights/onnx_graph.h"
#include "models/pack/weights/tensor_file.h"

namespace guardrank::pack {

struct OnnxContents {
  std::map<std::string, TensorEntry, std::less<>> tensors;
  OnnxGraph graph;
};

// `begin` and `end` of a tensor are places in `bytes`, or in the file that `beside` names. PackError as OnnxFile.
OnnxContents read_onnx(std::string_view bytes, const std::string& name);

}  // namespace guardrank::pack
