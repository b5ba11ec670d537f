#include <map>
#include <random>

#include "tests/core/store/cache_harness.h"

using namespace guardrank;

TEST_CASE("lfu gives up the least used, and what was popular long ago after newcomers passed it") {
  CacheHarness lfu(PolicyKind::lfu, 300, 8);
  REQUIRE(lfu.admit(1));
  lfu.use(1, 2);             // priority 3
  REQUIRE(lfu.admit(2));     // priority 1
  REQUIRE(lfu.admit(3));
  lfu.use(3);                // priority 2
  REQUIRE(lfu.admit(4));     // evicts 2 at 1: starts at 1 + 1 = 2, in the lower slot of the two at 2
  CHECK(lfu.evicted() == Numbers{2});
  REQUIRE(lfu.admit(5));     // evicts 4 at 2: starts at 3
  CHECK(lfu.evicted() == Numbers{4});
  lfu.use(5);                // 2 + 2 = 4
  REQUIRE(lfu.admit(6));     // evicts 3 at 2: starts at 3
  CHECK(lfu.evicted() == Numbers{3});
  lfu.use(6);                // 4
  REQUIRE(lfu.admit(7));     // evicts 1 at 3, which had most uses
  CHECK(lfu.evicted() == Numbers{1});
}

TEST_CASE("gdsf weighs uses with miss cost over bytes") {
  CacheHarness gdsf(PolicyKind::gdsf, 1000, 8);
  REQUIRE(gdsf.admit(1, 500, 1000));   // 1 x 1000 / 500 = 2
  REQUIRE(gdsf.admit(2, 100, 500));    // 5
  REQUIRE(gdsf.admit(3, 400, 400));    // 1
  gdsf.use(3, 3);                      // 4
  REQUIRE(gdsf.admit(4, 200, 300));    // evicts 1: starts at 2 + 1.5 = 3.5
  CHECK(gdsf.evicted() == Numbers{1});
  REQUIRE(gdsf.admit(5, 600, 6000));   // evicts 4 at 3.5, then 3 at 4
  CHECK(gdsf.evicted() == Numbers{4, 3});
  CHECK(gdsf.has(2));
}

TEST_CASE("lfu does what a search over all priorities does") {
  CacheHarness lfu(PolicyKind::lfu, 4000, 300);
  struct Item {
    std::uint64_t bytes, uses;
    double priority;
  };
  std::map<std::uint32_t, Item> model;   // by slot: ties go to the lower
  double inflation = 0;
  std::mt19937_64 random(5);
  for (int step = 0; step < 20'000; ++step) {
    const std::uint64_t n = random() % (1 + random() % 80);
    if (const std::uint32_t slot = lfu.slot(n); slot != no_slot) {
      lfu.use(n);
      Item& item = model.at(slot);
      item.priority = inflation + static_cast<double>(++item.uses);
      continue;
    }
    const std::uint64_t bytes = 1 + random() % 600;
    std::uint64_t sum = bytes;
    for (const auto& [slot, item] : model) sum += item.bytes;
    std::size_t n_expected = 0;
    for (; sum > 4000; ++n_expected) {
      auto least = model.begin();
      for (auto at = model.begin(); at != model.end(); ++at)
        if (at->second.priority < least->second.priority) least = at;
      inflation = least->second.priority;
      sum -= least->second.bytes;
      REQUIRE(lfu.cache.is_resident(least->first));
      model.erase(least);
    }
    REQUIRE(lfu.admit(n, bytes));
    REQUIRE(lfu.evicted().size() == n_expected);
    model[lfu.slot(n)] = {bytes, 1, inflation + 1};
    for (const auto& [slot, item] : model) REQUIRE(lfu.cache.is_resident(slot));
    REQUIRE(lfu.cache.n_resident() == model.size());
  }
}
