#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "tests/bench/tiers/optimum_bound.h"
#include "tests/bench/tiers/simulation.h"

using namespace guardrank;
using namespace guardrank::tiers;

namespace {

struct Trace {
  std::vector<std::uint32_t> objects;
  std::vector<double> bytes, value;
  double budget = 0;
  std::size_t first_counted = 0;

  double bound(double (*kind)(const BoundInput&)) const {
    const std::vector<Interval> intervals = find_intervals(objects, first_counted);
    return kind({&intervals, &bytes, &value, budget, objects.size() - first_counted,
                 first_counted});
  }
};

// The optimum by search: after each request the cache may keep any part of what it held and the
// object asked for, if it fits. States are sets of objects.
double searched_optimum(const Trace& trace) {
  const std::size_t n_states = std::size_t{1} << trace.bytes.size();
  std::vector<double> size(n_states), best(n_states, -1), next(n_states);
  for (std::size_t set = 0; set < n_states; ++set)
    for (std::size_t i = 0; i < trace.bytes.size(); ++i)
      if (set >> i & 1) size[set] += trace.bytes[i];
  best[0] = 0;
  for (std::size_t at = 0; at < trace.objects.size(); ++at) {
    const std::size_t bit = std::size_t{1} << trace.objects[at];
    std::fill(next.begin(), next.end(), -1);
    for (std::size_t set = 0; set < n_states; ++set) {
      if (best[set] < 0) continue;
      const bool is_hit = (set & bit) != 0 && at >= trace.first_counted;
      const double sum = best[set] + (is_hit ? trace.value[trace.objects[at]] : 0);
      const std::size_t most = set | bit;
      for (std::size_t kept = most;; kept = (kept - 1) & most) {
        if (size[kept] <= trace.budget) next[kept] = std::max(next[kept], sum);
        if (kept == 0) break;
      }
    }
    std::swap(best, next);
  }
  return *std::max_element(best.begin(), best.end());
}

Trace random_trace(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  Trace trace;
  for (int i = 0; i < 5; ++i) {
    trace.bytes.push_back(static_cast<double>(1 + random() % 6));
    trace.value.push_back(seed % 2 == 0 ? 1 : static_cast<double>(1 + random() % 9));
  }
  for (int i = 0; i < 14; ++i)
    trace.objects.push_back(static_cast<std::uint32_t>(random() % (1 + random() % 5)));
  trace.budget = static_cast<double>(1 + random() % 14);
  trace.first_counted = seed % 3 == 0 ? 4 : 0;
  return trace;
}

}  // namespace

TEST_CASE("the optimum lies between what was packed and the bound") {
  double packed = 0, optimum = 0, most = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    CAPTURE(seed);
    const Trace trace = random_trace(seed);
    const double best = searched_optimum(trace);
    REQUIRE(trace.bound(packed_value) <= best);
    REQUIRE(trace.bound(most_value) >= best - 1e-9);
    packed += trace.bound(packed_value);
    optimum += best;
    most += trace.bound(most_value);
  }
  // And not far from it: neither is a bound that any number would be.
  CHECK(packed > 0.9 * optimum);
  CHECK(most < 1.35 * optimum);
}

TEST_CASE("bounds worked out by hand") {
  // a b a b a with room for one: a stays, two hits; the bound has 1 x 5 byte-moments for intervals
  // of 2 byte-moments each: 2.5 hits.
  Trace trace{{0, 1, 0, 1, 0}, {1, 1}, {1, 1}, 1, 0};
  CHECK(searched_optimum(trace) == 2);
  CHECK(trace.bound(packed_value) == 2);
  CHECK(trace.bound(most_value) == doctest::Approx(2.5));
  // Everything fits: all but the first requests are hits.
  trace.budget = 2;
  CHECK(trace.bound(packed_value) == 3);
  CHECK(trace.bound(most_value) == 3);
  // Larger than the budget: never a hit.
  trace.bytes = {3, 3};
  CHECK(trace.bound(most_value) == 0);
  CHECK(searched_optimum(trace) == 0);
}

namespace {

WorkloadOptions short_workload() {
  WorkloadOptions options;
  options.models = 300;
  options.days = 2;
  options.requests_per_day = 20'000;
  return options;
}

SimulationOptions with(PolicyKind policy, const Workload& workload, double memory, double disk) {
  SimulationOptions options;
  options.memory_policy = options.disk_policy = policy;
  const double total = static_cast<double>(workload.total_bytes());
  options.memory_bytes = static_cast<std::uint64_t>(total * memory);
  options.disk_bytes = static_cast<std::uint64_t>(total * disk);
  return options;
}

constexpr PolicyKind kinds[] = {PolicyKind::s3_fifo_cost, PolicyKind::s3_fifo, PolicyKind::lru,
                                PolicyKind::lfu, PolicyKind::gdsf};

}  // namespace

TEST_CASE("the workload is what it is said to be") {
  WorkloadOptions options = short_workload();
  options.models = 4000;
  options.requests_per_day = 200'000;
  const Workload workload = draw_workload(options);
  std::vector<std::uint64_t> sizes = workload.bytes;
  std::sort(sizes.begin(), sizes.end());
  CHECK(sizes.front() >= 200'000);
  CHECK(sizes.back() <= 20'000'000);
  // Median of a lognormal of median 2 and sigma 1, cut at 0.2 and 20: cut off are 1.07% on either
  // side, so it stays at 2.
  CHECK(static_cast<double>(sizes[2000]) == doctest::Approx(2e6).epsilon(0.06));
  CHECK(std::is_sorted(workload.requests.begin(), workload.requests.end(),
                       [](const Request& a, const Request& b) { return a.at_micros < b.at_micros; }));
  CHECK(static_cast<double>(workload.requests.back().at_micros) ==
        doctest::Approx(2 * 86'400e6).epsilon(0.01));
  // The most popular has 1 / sum(k^-0.9) of the requests, k up to 4000:
  // sum(k^-0.9) = 10 n^0.1 + zeta(0.9) = 22.92 - 9.43 = 13.49 by Euler and Maclaurin.
  std::vector<int> asked(4000);
  for (std::size_t i = 0; i < 200'000; ++i) ++asked[workload.requests[i].model];
  CHECK(*std::max_element(asked.begin(), asked.end()) ==
        doctest::Approx(200'000 / 13.49).epsilon(0.1));
}

TEST_CASE("delays have the stated percentiles") {
  const DelayModel delay{40, 400, 30};
  std::vector<double> micros;
  for (std::uint64_t n = 0; n < 100'000; ++n) micros.push_back(delay.draw_micros(1, 3'000'000, 5, n));
  std::sort(micros.begin(), micros.end());
  CHECK(micros[50'000] == doctest::Approx(140e3).epsilon(0.02));     // 40 ms and 3 MB at 30 MB/s
  CHECK(micros[99'000] == doctest::Approx(500e3).epsilon(0.04));
  double sum = 0;
  for (const double each : micros) sum += each;
  CHECK(delay.expected_micros(3'000'000) == doctest::Approx(sum / 100'000).epsilon(0.02));
}

TEST_CASE("a simulation adds up, keeps to its budgets and stays under the bound") {
  const Workload workload = draw_workload(short_workload());
  std::vector<std::uint32_t> objects;
  for (const Request& request : workload.requests) objects.push_back(request.model);
  const std::vector<Interval> intervals = find_intervals(objects, workload.first_counted);
  const std::vector<double> bytes(workload.bytes.begin(), workload.bytes.end());
  const std::vector<double> one(bytes.size(), 1);
  for (const PolicyKind kind : kinds)
    for (const double part : {0.02, 0.2}) {
      CAPTURE(find_policy(kind)->name);
      CAPTURE(part);
      const SimulationOptions options = with(kind, workload, part, 0);
      const Figures figures = simulate(workload, options);
      CHECK(figures.requests == 20'000);
      CHECK(figures.hits + figures.coalesced + figures.fetches == 20'000);
      CHECK(figures.disk_loads == 0);
      CHECK(figures.most_memory_bytes <= options.memory_bytes);
      CHECK(figures.most_memory_bytes > options.memory_bytes * 3 / 4);
      const double most = most_value({&intervals, &bytes, &one,
                                      static_cast<double>(options.memory_bytes), 20'000,
                                      workload.first_counted});
      CHECK(static_cast<double>(figures.hits) <= most);
      CHECK(static_cast<double>(figures.hits) > 0.3 * most);
    }
}

TEST_CASE("with all in memory only first requests are fetched; a disk spares the origin") {
  const Workload workload = draw_workload(short_workload());
  const Figures all = simulate(workload, with(PolicyKind::s3_fifo_cost, workload, 1, 0));
  CHECK(all.fetches < 30);       // what the first day never asked for
  CHECK(all.p99_ms == doctest::Approx(0.2));
  const Figures none = simulate(workload, with(PolicyKind::s3_fifo_cost, workload, 0.05, 0));
  const Figures disk = simulate(workload, with(PolicyKind::s3_fifo_cost, workload, 0.05, 0.5));
  CHECK(disk.fetches < none.fetches / 3);
  CHECK(disk.hits + disk.coalesced + disk.disk_loads + disk.fetches == disk.requests);
  CHECK(disk.p99_ms < none.p99_ms);
}

TEST_CASE("requests for one cold model at a time cause one fetch") {
  Workload workload;
  workload.bytes = {5'000'000, 1'000'000};
  for (std::int64_t i = 0; i < 10'000; ++i) workload.requests.push_back({i, 0});   // within 10 ms
  workload.requests.push_back({60'000'000, 0});
  const Figures figures = simulate(workload, with(PolicyKind::lru, workload, 1, 0));
  CHECK(figures.fetches == 1);
  CHECK(figures.coalesced == 9999);
  CHECK(figures.hits == 1);
  CHECK(figures.fetched_gb == doctest::Approx(0.005));
}

TEST_CASE("cost-aware admission saves more of what misses cost than the published S3-FIFO") {
  const Workload workload = draw_workload(short_workload());
  for (const double part : {0.02, 0.05, 0.2}) {
    const Figures plain = simulate(workload, with(PolicyKind::s3_fifo, workload, part, 0));
    const Figures cost = simulate(workload, with(PolicyKind::s3_fifo_cost, workload, part, 0));
    CHECK(cost.cost_hit_ratio > plain.cost_hit_ratio);
    CHECK(cost.mean_ms < plain.mean_ms);
  }
}
