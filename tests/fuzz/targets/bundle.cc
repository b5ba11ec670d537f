// Any bytes as a bundle to rank from: whatever opens must also rank its whole catalog.
#include "core/base/limits.h"
#include "core/decision/pipeline.h"
#include "core/engine/snapshot.h"
#include "tests/fuzz/fuzz_arena.h"

using namespace guardrank;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::AlignedInput input(data, size);
  Error error;
  Snapshot snapshot(fuzz::allocator());
  // Structure only: hashes would stop every changed byte at the door.
  if (snapshot.open(input.view(), Check::structure, KernelChoice::automatic, false, &error) !=
      Status::ok) {
    return 0;
  }
  const Pipeline& pipeline = snapshot.pipeline();
  Request request(*pipeline.facts, pipeline.catalog, fuzz::allocator());
  request.set_time(1'700'000'000'000'000);
  Session session(fuzz::allocator(), fuzz::budget_bytes);
  Decision decision;
  if (request.set_whole_catalog(&error) != Status::ok) return 0;
  const Status status = rank(pipeline, request, &session, &decision, &error);
  // What it lacks is well formed, and bytes that are none of it are refused.
  for (const WantedShard& wanted : session.shards().wanted()) {
    if (status != Status::missing || wanted.n_bytes == 0 || wanted.n_bytes > limits::shard_bytes ||
        session.shards().add(input.view()) == Status::ok)
      __builtin_trap();
  }
  if (status != Status::ok) return 0;
  std::string_view text;
  (void)write_decision_json(decision, {}, &session.arena(), &text);
  return 0;
}
