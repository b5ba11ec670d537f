#include <algorithm>
#include <list>
#include <random>
#include <set>

#include "tests/core/store/cache_harness.h"

using namespace guardrank;

TEST_CASE("lru gives up what was used longest ago, as many as it takes") {
  CacheHarness lru(PolicyKind::lru, 1000, 16);
  REQUIRE(lru.admit(1, 300));
  REQUIRE(lru.admit(2, 300));
  REQUIRE(lru.admit(3, 300));
  lru.use(1);
  REQUIRE(lru.admit(4, 200));
  CHECK(lru.evicted() == Numbers{2});
  REQUIRE(lru.admit(5, 700));
  CHECK(lru.evicted() == Numbers{3, 1});
  CHECK(lru.cache.bytes() == 900);
}

namespace {

struct Item {
  std::uint64_t n, bytes;
  int pins;
};

// The newest in front. Pinned entries that stand before the victim count as used, oldest first.
struct LruModel {
  std::uint64_t budget;
  std::list<Item> items;

  std::list<Item>::iterator find(std::uint64_t n) {
    return std::find_if(items.begin(), items.end(), [&](const Item& item) { return item.n == n; });
  }
  std::uint64_t bytes(bool only_pinned) const {
    std::uint64_t sum = 0;
    for (const Item& item : items) sum += !only_pinned || item.pins > 0 ? item.bytes : 0;
    return sum;
  }
  void front(std::list<Item>::iterator item) { items.splice(items.begin(), items, item); }
  bool admit(std::uint64_t n, std::uint64_t size, Numbers* evicted) {
    if (bytes(true) + size > budget) return false;
    while (bytes(false) + size > budget) {
      while (items.back().pins > 0) front(std::prev(items.end()));
      evicted->push_back(items.back().n);
      items.pop_back();
    }
    items.push_front({n, size, 0});
    return true;
  }
};

}  // namespace

TEST_CASE("lru does what a list does") {
  CacheHarness lru(PolicyKind::lru, 5000, 400);
  LruModel model{5000, {}};
  std::mt19937_64 random(3);
  for (int step = 0; step < 30'000; ++step) {
    const std::uint64_t n = random() % 60;
    const auto item = model.find(n);
    REQUIRE(lru.has(n) == (item != model.items.end()));
    if (item == model.items.end()) {
      Numbers expected;
      const std::uint64_t bytes = random() % 1500;
      REQUIRE(lru.admit(n, bytes) == model.admit(n, bytes, &expected));
      REQUIRE(lru.evicted() == expected);
    } else if (random() % 4 == 0) {
      lru.cache.pin(lru.slot(n));
      ++item->pins;
    } else if (item->pins > 0) {
      lru.cache.unpin(lru.slot(n));
      if (--item->pins == 0) model.front(item);
    } else {
      lru.use(n);
      model.front(item);
    }
    REQUIRE(lru.cache.bytes() == model.bytes(false));
    REQUIRE(lru.cache.pinned_bytes() == model.bytes(true));
  }
}
