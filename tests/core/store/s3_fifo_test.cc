#include <algorithm>
#include <deque>
#include <random>

#include "tests/core/store/cache_harness.h"

using namespace guardrank;

namespace {

PolicyTuning tuning(std::uint32_t first_percent) {
  PolicyTuning tuning;
  tuning.first_percent = first_percent;
  return tuning;
}

}  // namespace

TEST_CASE("s3_fifo: one pass goes through the first queue, ghosts return to the main one") {
  CacheHarness s3(PolicyKind::s3_fifo, 1000, 64, tuning(20));
  for (std::uint64_t n = 1; n <= 10; ++n) REQUIRE(s3.admit(n));
  s3.use(1, 2);
  REQUIRE(s3.admit(11));     // 1 was used twice: main. 2 leaves.
  CHECK(s3.evicted() == Numbers{2});
  REQUIRE(s3.admit(2));      // 3 leaves; 2 was a ghost: main
  CHECK(s3.evicted() == Numbers{3});
  s3.use(4);                 // once is not enough
  for (std::uint64_t n = 12; n <= 18; ++n) REQUIRE(s3.admit(n));
  CHECK(s3.evicted() == Numbers{4, 5, 6, 7, 8, 9, 10});
  // Main holds 1 and 2; the first queue 11 to 18, and gives up its oldest above 200 bytes.
  for (std::uint64_t n = 21; n <= 28; ++n) REQUIRE(s3.admit(n));
  CHECK(s3.evicted() == Numbers{11, 12, 13, 14, 15, 16, 17, 18});
  CHECK(s3.has(1));
  CHECK(s3.has(2));
}

TEST_CASE("s3_fifo: a full main queue gives up its oldest that was not used since") {
  CacheHarness s3(PolicyKind::s3_fifo, 1000, 64, tuning(20));
  for (std::uint64_t n = 1; n <= 10; ++n) REQUIRE(s3.admit(n));
  for (std::uint64_t n = 1; n <= 8; ++n) s3.use(n, 2);
  REQUIRE(s3.admit(11));     // 1 to 8 go on and fill main; 9 leaves
  CHECK(s3.evicted() == Numbers{9});
  s3.use(1);
  s3.use(2, 5);              // counted up to 3
  s3.use(10, 2);
  REQUIRE(s3.admit(12));     // 10 goes on; main is over 800: 1 and 2 go round, 3 leaves
  CHECK(s3.evicted() == Numbers{3});
  for (std::uint64_t n = 13; n <= 18; ++n) {
    s3.use(n - 2, 2);        // the oldest of the first queue goes on
    REQUIRE(s3.admit(n));
  }
  // Main's order was 4 5 6 7 8 10 1 2 with 1 at no uses left and 2 at two.
  CHECK(s3.evicted() == Numbers{4, 5, 6, 7, 8, 10});
  s3.use(17, 2);
  REQUIRE(s3.admit(19));
  CHECK(s3.evicted() == Numbers{1});
}

namespace {

struct S3Item {
  std::uint64_t n, bytes;
  int uses;
};

// The algorithm of the paper's figure over bytes, with deques; front is the oldest.
struct S3Model {
  std::uint64_t budget, first_most;
  std::deque<S3Item> first, main, ghosts;

  static std::uint64_t bytes(const std::deque<S3Item>& queue) {
    std::uint64_t sum = 0;
    for (const S3Item& item : queue) sum += item.bytes;
    return sum;
  }
  static S3Item take(std::deque<S3Item>* queue) {
    const S3Item item = queue->front();
    queue->pop_front();
    return item;
  }
  void evict_main(Numbers* evicted) {
    for (;;) {
      S3Item item = take(&main);
      if (item.uses == 0) return evicted->push_back(item.n);
      --item.uses;
      main.push_back(item);
    }
  }
  void evict_first(Numbers* evicted) {
    while (!first.empty()) {
      S3Item item = take(&first);
      if (item.uses <= 1) {
        ghosts.push_back(item);
        return evicted->push_back(item.n);
      }
      main.push_back({item.n, item.bytes, 0});
      if (bytes(main) > budget - first_most) return evict_main(evicted);
    }
    evict_main(evicted);
  }
  void admit(std::uint64_t n, std::uint64_t size, Numbers* evicted) {
    const auto ghost = std::find_if(ghosts.begin(), ghosts.end(),
                                    [&](const S3Item& item) { return item.n == n; });
    const bool returns = ghost != ghosts.end();
    if (returns) ghosts.erase(ghost);
    while (bytes(first) + bytes(main) + size > budget) {
      if (!first.empty() && (bytes(first) >= first_most || main.empty()))
        evict_first(evicted);
      else
        evict_main(evicted);
      while (bytes(ghosts) > budget - first_most) ghosts.pop_front();
    }
    (returns ? main : first).push_back({n, size, 0});
  }
  S3Item* find(std::uint64_t n) {
    for (auto* queue : {&first, &main})
      for (S3Item& item : *queue)
        if (item.n == n) return &item;
    return nullptr;
  }
};

}  // namespace

TEST_CASE("s3_fifo does what the paper's figure does") {
  CacheHarness s3(PolicyKind::s3_fifo, 5000, 1000, tuning(10));
  S3Model model{5000, 500, {}, {}, {}};
  std::mt19937_64 random(9);
  for (int step = 0; step < 40'000; ++step) {
    const std::uint64_t n = random() % (1 + random() % 120);
    S3Item* item = model.find(n);
    REQUIRE(s3.has(n) == (item != nullptr));
    if (item != nullptr) {
      s3.use(n);
      item->uses = std::min(item->uses + 1, 3);
      continue;
    }
    const std::uint64_t bytes = 20 + (n * 37) % 400;
    Numbers expected;
    model.admit(n, bytes, &expected);
    REQUIRE(s3.admit(n, bytes));
    REQUIRE(s3.evicted() == expected);
  }
}
