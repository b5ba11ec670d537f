// Any bytes as a model artifact: a status or a model, never undefined behaviour.
#include "core/artifact/model.h"
#include "tests/fuzz/fuzz_arena.h"

using namespace guardrank;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::AlignedInput input(data, size);
  for (const Check check : {Check::structure, Check::full}) {
    Arena arena(fuzz::allocator(), fuzz::budget_bytes);
    Model model;
    Error error;
    (void)open_model(input.view(), check, &arena, &model, &error);
  }
  return 0;
}
