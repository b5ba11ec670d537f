// Any bytes as a policy document, YAML or JSON: a document or a PackError.
#include "models/pack/documents/policy_document.h"
#include "models/pack/pack_error.h"
#include "tests/fuzz/fuzz_arena.h"

using namespace guardrank;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    (void)pack::read_policy({reinterpret_cast<const char*>(data), size});
  } catch (const pack::PackError&) {
  }
  return 0;
}
