// Any bytes as a catalog artifact: a status or a catalog, never undefined behaviour.
#include "core/artifact/catalog.h"
#include "tests/fuzz/fuzz_arena.h"

using namespace guardrank;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::AlignedInput input(data, size);
  for (const Check check : {Check::structure, Check::full}) {
    Arena arena(fuzz::allocator(), fuzz::budget_bytes);
    Catalog catalog;
    Error error;
    (void)open_catalog(input.view(), check, &arena, &catalog, &error);
  }
  return 0;
}
