// Any bytes as a policy artifact: a status or a policy, never undefined behaviour.
#include "core/artifact/policy.h"
#include "tests/fuzz/fuzz_arena.h"

using namespace guardrank;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::AlignedInput input(data, size);
  for (const Check check : {Check::structure, Check::full}) {
    Arena arena(fuzz::allocator(), fuzz::budget_bytes);
    Policy policy;
    Error error;
    (void)open_policy(input.view(), check, &arena, &policy, &error);
  }
  return 0;
}
