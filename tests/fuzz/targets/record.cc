// Any bytes as a decision record.
#include "core/record/record.h"
#include "tests/fuzz/fuzz_arena.h"

using namespace guardrank;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::AlignedInput input(data, size);
  RecordView view;
  Error error;
  (void)open_record(input.view(), &view, &error);
  return 0;
}
