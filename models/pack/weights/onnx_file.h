// ONNX files: the tensors of the graph's initialisers and constants, and what the graph
// says of them. Reading one runs nothing. Messages: onnx/onnx.proto of github.com/onnx/onnx.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "models/pack/weights/onnx_graph.h"
#include "models/pack/weights/tensor_file.h"

namespace guardrank::pack {

inline constexpr std::uint64_t max_onnx_bytes = std::uint64_t{2} << 30;   // protobuf's own limit

// The file is held whole while it is open; numbers that stand beside it (external data) must be in a file of
// the same folder. Tensors of floating types that have a shape are entries, the rest is the graph's own. Throws
// PackError: Status::truncated where it ends early, Status::verify where it is malformed,
// Status::unsafe_format where it is another format, Status::model_json where the graph hides operators in
// functions or subgraphs.
class OnnxFile : public TensorFile {
 public:
  OnnxFile(const std::filesystem::path& path, std::string name);

  std::string weight_beside(std::string_view bias) const override;
  std::vector<std::string> operators_after(std::string_view weight) const override;

 private:
  std::vector<std::uint8_t> read_bytes(const TensorEntry& entry, std::string_view tensor) override;

  std::filesystem::path folder_;
  std::string bytes_;
  OnnxGraph graph_;
};

}  // namespace guardrank::pack
