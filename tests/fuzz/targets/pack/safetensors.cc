// Any bytes as weights.safetensors: tensors or a PackError.
#include "models/pack/pack_error.h"
#include "models/pack/weights/safetensors.h"
#include "tests/fuzz/fuzz_arena.h"
#include "tests/fuzz/targets/pack/input_file.h"

using namespace guardrank;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const InputFile input(data, size);
  try {
    pack::SafetensorsFile file(input.path(), "weights.safetensors");
    for (const auto& [name, entry] : file.entries()) (void)file.read(name);
  } catch (const pack::PackError&) {
  }
  return 0;
}
