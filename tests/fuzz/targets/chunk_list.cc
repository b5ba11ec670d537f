// Any bytes as a chunk list: a status, or places that add up and stay within the artifact.
#include "core/artifact/chunk_list.h"
#include "tests/fuzz/fuzz_arena.h"

using namespace guardrank;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::AlignedInput input(data, size);
  Error error;
  ChunkList list;
  if (open_chunk_list(input.view(), &list, &error) != Status::ok) return 0;
  ChunkPlace place;
  std::uint64_t total = 0;
  std::uint8_t artifact[64] = {};
  for (std::uint32_t i = 0; i < list.n_chunks; ++i) {
    place = list.at(i, place);
    if (place.offset != total) __builtin_trap();
    total += place.n_bytes;
    (void)place_chunk(place, input.view().first(size < 40 ? size : 40), artifact, &error);
  }
  if (total != list.total_bytes) __builtin_trap();
  return 0;
}
