#include "core/store/cache.h"

#include <random>
#include <set>

#include "tests/core/store/cache_harness.h"

using namespace guardrank;

namespace {

constexpr PolicyKind kinds[] = {PolicyKind::s3_fifo_cost, PolicyKind::s3_fifo, PolicyKind::lru,
                                PolicyKind::lfu, PolicyKind::gdsf};

// A random life of a cache, checked at each step; what it evicted, in order.
Numbers live(PolicyKind kind, std::uint64_t seed, std::uint32_t slots) {
  CacheHarness all(kind, 10'000, slots);
  Cache& cache = all.cache;
  const std::size_t n_allocations = all.n_allocations();
  std::mt19937_64 random(seed);
  std::map<std::uint64_t, std::uint64_t> resident;   // number -> bytes
  std::map<std::uint64_t, int> pins;
  Numbers evictions;
  for (int step = 0; step < 10'000; ++step) {
    const std::uint64_t n = random() % (1 + random() % 300);
    REQUIRE(all.has(n) == (resident.count(n) != 0));
    const auto choice = random() % 10;
    if (resident.count(n) == 0) {
      const std::uint64_t bytes = random() % 20 == 0 ? 10'001 : random() % 1200;
      std::uint64_t pinned = 0;
      for (const auto& [m, count] : pins) pinned += resident.at(m);
      const bool fits = bytes + pinned <= 10'000 && pins.size() < slots;
      REQUIRE(all.admit(n, bytes, 1 + random() % 1000) == fits);
      const Numbers evicted = all.evicted();
      if (!fits) REQUIRE(evicted.empty());
      for (const std::uint64_t gone : evicted) {
        REQUIRE(pins.count(gone) == 0);
        REQUIRE(resident.erase(gone) == 1);
        evictions.push_back(gone);
      }
      if (fits) resident[n] = bytes;
    } else if (choice < 2) {
      cache.pin(all.slot(n));
      ++pins[n];
    } else if (pins.count(n) != 0) {
      cache.unpin(all.slot(n));
      if (--pins[n] == 0) pins.erase(n);
    } else if (choice == 9) {
      cache.remove(all.slot(n));
      resident.erase(n);
    } else {
      all.use(n);
    }
    std::uint64_t bytes = 0;
    for (const auto& [m, size] : resident) bytes += size;
    REQUIRE(cache.bytes() == bytes);
    REQUIRE(bytes <= 10'000);
    REQUIRE(cache.n_resident() == resident.size());
    for (const auto& [m, count] : pins) REQUIRE(all.has(m));
  }
  CHECK(all.n_allocations() == n_allocations);
  return evictions;
}

}  // namespace

TEST_CASE("every policy keeps to its budget, keeps what is pinned and refuses what cannot fit") {
  for (const PolicyKind kind : kinds)
    for (std::uint64_t seed = 0; seed < 4; ++seed) {
      CAPTURE(find_policy(kind)->name);
      CAPTURE(seed);
      const Numbers evictions = live(kind, seed, 400);
      CHECK(evictions.size() > 500);
      CHECK(live(kind, seed, 400) == evictions);   // the same life, the same evictions
      CHECK(live(kind, seed, 13).size() > evictions.size());   // fewer slots than would fit
    }
}

TEST_CASE("a cache refuses what is larger than its budget or than the pinned leave, changing nothing") {
  for (const PolicyKind kind : kinds) {
    CacheHarness all(kind, 1000, 8);
    REQUIRE(all.admit(1, 1000));
    CHECK_FALSE(all.admit(2, 1001));
    all.cache.pin(all.slot(1));
    CHECK_FALSE(all.admit(2, 1));
    CHECK(all.evicted().empty());
    all.cache.unpin(all.slot(1));
    CHECK(all.admit(2, 1));
    CHECK(all.evicted() == Numbers{1});
  }
}

TEST_CASE("policies have names; unknown policies and tunings are refused") {
  for (const PolicyKind kind : kinds) {
    PolicyKind parsed = PolicyKind::lru;
    CHECK(parse_policy(find_policy(kind)->name, &parsed));
    CHECK(parsed == kind);
  }
  PolicyKind kind = PolicyKind::lfu;
  CHECK_FALSE(parse_policy("mru", &kind));
  CHECK(kind == PolicyKind::lfu);
  TestMemory memory;
  Arena arena(memory.allocator(), 1 << 20);
  Cache cache;
  CacheOptions options;
  options.policy = static_cast<PolicyKind>(5);
  CHECK(cache.open(options, {}, &arena) == Status::argument);
  options.policy = PolicyKind::lru;
  options.tuning.first_percent = 101;
  CHECK(cache.open(options, {}, &arena) == Status::argument);
  options.tuning = {};
  options.tuning.compared = 0;
  CHECK(cache.open(options, {}, &arena) == Status::argument);
  options.tuning = {};
  options.slots = 0;
  CHECK(cache.open(options, {}, &arena) == Status::limit);
  options.slots = 1 << 16;
  CHECK(cache.open(options, {}, &arena) == Status::memory);
}
