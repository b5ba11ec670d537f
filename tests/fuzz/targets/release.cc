// Any bytes as a release or a bundle: a status or a view, never undefined behaviour.
#include "core/artifact/release.h"
#include "tests/fuzz/fuzz_arena.h"

using namespace guardrank;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::AlignedInput input(data, size);
  Arena arena(fuzz::allocator(), fuzz::budget_bytes);
  Error error;
  Release release;
  (void)open_release(input.view(), Check::structure, &arena, &release, &error);
  Bundle bundle;
  (void)open_bundle(input.view(), Check::structure, &arena, &bundle, &error);
  return 0;
}
