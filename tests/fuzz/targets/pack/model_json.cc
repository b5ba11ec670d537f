// Any bytes as model.json: a description or a PackError.
#include "models/pack/pack_error.h"
#include "models/pack/weights/model_json.h"
#include "tests/fuzz/fuzz_arena.h"

using namespace guardrank;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    (void)pack::read_model_json({reinterpret_cast<const char*>(data), size});
  } catch (const pack::PackError&) {
  }
  return 0;
}
