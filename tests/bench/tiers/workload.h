// Who asks for which model when, and how long fetching one takes: drawn from stated distributions,
// the same for a seed on every run.
#pragma once

#include <cstdint>
#include <vector>

namespace guardrank::tiers {

struct WorkloadOptions {
  std::uint64_t seed = 1;
  std::uint32_t models = 5000;
  std::uint32_t days = 8;               // the first warms up and is not counted
  std::uint32_t requests_per_day = 400'000;
  double zipf = 0.9;                    // the k-th most popular is asked for as k^-zipf
  double moved_per_day = 0.1;           // of the ranks, shuffled among themselves each midnight
  double diurnal = 0.8;                 // a model's traffic: 1 + diurnal cos(hours from its noon)
  double size_median_mb = 2;            // lognormal, drawn again outside the least and the most
  double size_sigma = 1;
  double size_least_mb = 0.2;
  double size_most_mb = 20;
};

// Lognormal time to the first byte, then bytes at a fixed rate.
struct DelayModel {
  double p50_ms = 0;
  double p99_ms = 0;
  double mb_per_second = 0;

  double expected_micros(std::uint64_t bytes) const;
  // The n-th load of a model takes as long under every policy.
  double draw_micros(std::uint64_t seed, std::uint64_t bytes, std::uint64_t model,
                     std::uint64_t n) const;
};

struct Delays {
  DelayModel origin{40, 400, 30};
  DelayModel disk{0.3, 3, 1000};
  double prepare_ms = 0.5;              // opening, golden vectors
  double prepare_mb_per_second = 1000;  // hashing
  double rank_ms = 0.2;

  double prepare_micros(std::uint64_t bytes) const;
};

struct Request {
  std::int64_t at_micros = 0;
  std::uint32_t model = 0;
};

struct Workload {
  std::vector<std::uint64_t> bytes;     // by model
  std::vector<Request> requests;        // by time
  std::size_t first_counted = 0;        // requests before it warm up

  std::uint64_t total_bytes() const;
};

Workload draw_workload(const WorkloadOptions& options);
// The same requests in a `factor`-th of the time.
Workload compressed(const Workload& workload, double factor);

}  // namespace guardrank::tiers
