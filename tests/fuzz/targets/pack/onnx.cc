// Any bytes as weights.onnx: tensors and what the graph says of them, or a PackError.
#include "models/pack/pack_error.h"
#include "models/pack/weights/onnx_file.h"
#include "tests/fuzz/fuzz_arena.h"
#include "tests/fuzz/targets/pack/input_file.h"

using namespace guardrank;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const InputFile input(data, size);
  try {
    pack::OnnxFile file(input.path(), "weights.onnx");
    for (const auto& [name, entry] : file.entries()) {
      (void)file.operators_after(name);
      (void)file.weight_beside(name);
      if (entry.beside.empty()) (void)file.read(name);   // else of a file that no input can bring along
    }
  } catch (const pack::PackError&) {
  }
  return 0;
}
