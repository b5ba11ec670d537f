// Replays a workload through core/store's tiers and measures what requests wait for.
#pragma once

#include <cstdint>

#include "core/store/cache_policy.h"
#include "tests/bench/tiers/workload.h"

namespace guardrank::tiers {

struct SimulationOptions {
  PolicyKind memory_policy{}, disk_policy{};
  std::uint64_t memory_bytes = 0;
  std::uint64_t disk_bytes = 0;        // 0: no disk
  PolicyTuning tuning;
  std::uint32_t slots = 0;             // of each tier; 0: two per model
  std::uint64_t seed = 1;
  Delays delays;
};

// Of the requests after the warm-up.
struct Figures {
  std::uint64_t requests = 0;
  std::uint64_t hits = 0;              // in memory when asked for
  std::uint64_t coalesced = 0;         // waited for a load that others began
  std::uint64_t disk_loads = 0;
  std::uint64_t fetches = 0;           // from the origin
  std::uint64_t not_kept = 0;          // loads for which what is pinned left no room
  double object_hit_ratio = 0, byte_hit_ratio = 0;
  double cost_hit_ratio = 0;           // hits weighed with the expected time of a fetch
  double fetched_gb = 0, disk_read_gb = 0;
  double mean_ms = 0, p50_ms = 0, p90_ms = 0, p99_ms = 0;   // time to rank
  std::uint64_t most_memory_bytes = 0, most_disk_bytes = 0;
  double core_nanoseconds = 0;         // processor time per request in core/store, harness included
};

Figures simulate(const Workload& workload, const SimulationOptions& options);

}  // namespace guardrank::tiers
