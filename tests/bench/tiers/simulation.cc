#include "tests/bench/tiers/simulation.h"

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <queue>
#include <stdexcept>

#include "core/store/tier_set.h"

namespace guardrank::tiers {
namespace {

Allocator system_allocator() {
  return {nullptr,
          [](void*, std::size_t size, std::size_t alignment) {
            return std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
          },
          [](void*, void* memory, std::size_t, std::size_t) { std::free(memory); }};
}

Sha256Digest model_id(std::uint32_t model) {
  const std::uint8_t bytes[4] = {
      static_cast<std::uint8_t>(model), static_cast<std::uint8_t>(model >> 8),
      static_cast<std::uint8_t>(model >> 16), static_cast<std::uint8_t>(model >> 24)};
  return sha256(bytes);
}

struct Ending {
  double at_micros;
  std::uint32_t load, model;
  bool is_fetch, is_kept;
  bool operator<(const Ending& other) const {   // the earliest on top
    return at_micros != other.at_micros ? at_micros > other.at_micros : load > other.load;
  }
};

class Simulation {
 public:
  Simulation(const Workload& workload, const SimulationOptions& options)
      : workload_(workload), options_(options), arena_(system_allocator(), std::size_t{1} << 30),
        n_loads_of_(workload.bytes.size()) {
    const auto n = static_cast<std::uint32_t>(workload.bytes.size());
    const std::uint32_t slots = options.slots != 0 ? options.slots : 2 * n;
    TierOptions tiers;
    tiers.memory = {options.memory_policy, options.memory_bytes, slots, 1, options.tuning};
    tiers.disk = {options.disk_policy, options.disk_bytes, slots, 1, options.tuning};
    tiers.loads = n;
    if (set_.open(tiers, {}, {}, &arena_) != Status::ok)
      throw std::runtime_error("cannot open the tiers");
    ends_at_.resize(n);
    for (std::uint32_t model = 0; model < n; ++model) ids_.push_back(model_id(model));
  }

  Figures run() {
    const std::clock_t start = std::clock();
    for (std::size_t i = 0; i < workload_.requests.size(); ++i) {
      if (i == workload_.first_counted) figures_ = {};
      ask(workload_.requests[i], i >= workload_.first_counted);
    }
    const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    finish(seconds * 1e9 / static_cast<double>(workload_.requests.size()));
    return figures_;
  }

 private:
  void ask(const Request& request, bool is_counted) {
    const double now = static_cast<double>(request.at_micros);
    end_loads_until(now);
    const Found found = set_.want(ids_[request.model], request.at_micros);
    const std::uint64_t bytes = workload_.bytes[request.model];
    double wait = 0;
    switch (found.residence) {
      case Residence::memory: ++figures_.hits; break;
      case Residence::loading:
        ++figures_.coalesced;
        wait = ends_at_[found.slot] - now;
        break;
      case Residence::disk:
      case Residence::origin: wait = begin(request.model, found, now); break;
      default: throw std::runtime_error("a load was refused");
    }
    if (is_counted) count(bytes, found.residence == Residence::memory, wait);
  }

  double begin(std::uint32_t model, const Found& found, double now) {
    const std::uint64_t bytes = workload_.bytes[model];
    const bool is_fetch = found.residence == Residence::origin;
    const DelayModel& from = is_fetch ? options_.delays.origin : options_.delays.disk;
    const double wait = options_.delays.prepare_micros(bytes) +
                        from.draw_micros(options_.seed, bytes, model, n_loads_of_[model]++);
    (is_fetch ? figures_.fetches : figures_.disk_loads) += 1;
    (is_fetch ? figures_.fetched_gb : figures_.disk_read_gb) += static_cast<double>(bytes) * 1e-9;
    const bool is_kept = set_.reserve(found.slot, bytes, memory_cost(bytes)) == Status::ok;
    figures_.not_kept += !is_kept;
    figures_.most_memory_bytes = std::max(figures_.most_memory_bytes, set_.memory().bytes());
    ends_at_[found.slot] = now + wait;
    endings_.push({now + wait, found.slot, model, is_fetch, is_kept});
    return wait;
  }

  void end_loads_until(double now) {
    for (; !endings_.empty() && endings_.top().at_micros <= now; endings_.pop()) {
      const Ending& ending = endings_.top();
      const std::uint64_t bytes = workload_.bytes[ending.model];
      if (ending.is_kept)
        set_.loaded(ending.load);
      else
        set_.failed(ending.load);
      if (!ending.is_fetch || options_.disk_bytes == 0) continue;
      if (set_.begin_write(ids_[ending.model], bytes, origin_cost(bytes)))
        set_.written(ids_[ending.model], true);
      figures_.most_disk_bytes = std::max(figures_.most_disk_bytes, set_.disk().bytes());
    }
  }

  std::uint64_t origin_cost(std::uint64_t bytes) const {
    return static_cast<std::uint64_t>(options_.delays.origin.expected_micros(bytes) +
                                      options_.delays.prepare_micros(bytes));
  }
  // What memory saves: with a disk behind it, mostly a read from there.
  std::uint64_t memory_cost(std::uint64_t bytes) const {
    if (options_.disk_bytes == 0) return origin_cost(bytes);
    return static_cast<std::uint64_t>(options_.delays.disk.expected_micros(bytes) +
                                      options_.delays.prepare_micros(bytes));
  }

  void count(std::uint64_t bytes, bool is_hit, double wait_micros) {
    ++figures_.requests;
    waits_ms_.push_back(static_cast<float>(wait_micros * 1e-3 + options_.delays.rank_ms));
    const double cost = options_.delays.origin.expected_micros(bytes);
    sum_bytes_ += static_cast<double>(bytes);
    sum_cost_ += cost;
    hit_bytes_ += is_hit ? static_cast<double>(bytes) : 0;
    hit_cost_ += is_hit ? cost : 0;
  }

  double percentile(double part) {
    const auto at = static_cast<std::ptrdiff_t>(part * static_cast<double>(waits_ms_.size() - 1));
    std::nth_element(waits_ms_.begin(), waits_ms_.begin() + at, waits_ms_.end());
    return waits_ms_[static_cast<std::size_t>(at)];
  }

  void finish(double core_nanoseconds) {
    const double n = static_cast<double>(figures_.requests);
    figures_.object_hit_ratio = static_cast<double>(figures_.hits) / n;
    figures_.byte_hit_ratio = hit_bytes_ / sum_bytes_;
    figures_.cost_hit_ratio = hit_cost_ / sum_cost_;
    double sum = 0;
    for (const float wait : waits_ms_) sum += wait;
    figures_.mean_ms = sum / n;
    figures_.p50_ms = percentile(0.5);
    figures_.p90_ms = percentile(0.9);
    figures_.p99_ms = percentile(0.99);
    figures_.core_nanoseconds = core_nanoseconds;
  }

  const Workload& workload_;
  const SimulationOptions& options_;
  Arena arena_;
  TierSet set_;
  std::vector<Sha256Digest> ids_;
  std::vector<std::uint32_t> n_loads_of_;
  std::vector<double> ends_at_;       // by load
  std::priority_queue<Ending> endings_;
  std::vector<float> waits_ms_;
  Figures figures_;
  double sum_bytes_ = 0, sum_cost_ = 0, hit_bytes_ = 0, hit_cost_ = 0;
};

}  // namespace

Figures simulate(const Workload& workload, const SimulationOptions& options) {
  return Simulation(workload, options).run();
}

}  // namespace guardrank::tiers
