#include "tests/core/store/cache_harness.h"

using namespace guardrank;

namespace {

PolicyTuning tuning(std::uint32_t compared, std::uint32_t half_life) {
  PolicyTuning tuning;
  tuning.first_percent = 20;
  tuning.compared = compared;
  tuning.half_life_uses = half_life;
  return tuning;
}

}  // namespace

TEST_CASE("s3_fifo_cost: worth is uses x cost / bytes, and the least goes") {
  CacheHarness s3(PolicyKind::s3_fifo_cost, 1000, 64, tuning(16, 1000));
  REQUIRE(s3.admit(1, 400, 400));    // worth 1 a use
  REQUIRE(s3.admit(2, 200, 1000));   // 5
  REQUIRE(s3.admit(3, 200, 300));    // 1.5
  REQUIRE(s3.admit(4, 200, 100));    // 0.5
  s3.use(1, 3);                      // 1 is at 4
  // Above 200 bytes the first queue goes on to main while there is room: 1, 2 and 3 (800). Then 3,
  // the least of main at 1.5, leaves.
  REQUIRE(s3.admit(5, 100, 100));    // worth 1
  CHECK(s3.evicted() == Numbers{3});
  // 4 (0.5) and 5 stand in the first queue with 300 bytes; main has room for 4.
  REQUIRE(s3.admit(6, 200, 10));
  CHECK(s3.evicted() == Numbers{4});
  // 3 returns with 1.5 + 1.5 uses: 3.0; room for it beside 1 and 2. 5 (1.0) does not fit any more
  // and loses against 3 as the least of main.
  REQUIRE(s3.admit(3, 200, 300));
  CHECK(s3.evicted() == Numbers{5});
}

TEST_CASE("s3_fifo_cost: a newcomer that is worth less does not push out of main") {
  CacheHarness s3(PolicyKind::s3_fifo_cost, 1000, 64, tuning(16, 1000));
  for (std::uint64_t n = 1; n <= 8; ++n) REQUIRE(s3.admit(n, 100, 100 * n));
  for (std::uint64_t n = 1; n <= 8; ++n) s3.use(n);          // worth 2 n
  REQUIRE(s3.admit(20, 200, 10));                            // worth 0.05
  REQUIRE(s3.admit(21, 100, 100));    // 1 to 8 fill main; the first queue is not above 200 bytes
  CHECK(s3.evicted() == Numbers{1});  // so the least of main leaves
  REQUIRE(s3.admit(22, 100, 100));    // 20 has no room in main: 0.05 < 4
  CHECK(s3.evicted() == Numbers{20});
  REQUIRE(s3.admit(23, 100, 900));
  s3.use(23);                         // worth 18
  CHECK(s3.evicted().empty());        // there was room
  REQUIRE(s3.admit(24, 100, 100));    // 21 goes on where 1 left room, and is the least of main
  CHECK(s3.evicted() == Numbers{21});
  REQUIRE(s3.admit(25, 100, 100));    // 22 does so too
  REQUIRE(s3.admit(26, 100, 100));    // 23 stays in main, and 2 (worth 4) leaves for it
  CHECK(s3.evicted() == Numbers{22, 2});
  for (std::uint64_t n = 3; n <= 8; ++n) CHECK(s3.has(n));
  CHECK(s3.has(23));
}

TEST_CASE("s3_fifo_cost: uses are halved as time goes by") {
  // Halved every 20 uses of the cache. 1 is used much early, 2 less and late.
  const auto evicted = [](int uses_between) {
    CacheHarness s3(PolicyKind::s3_fifo_cost, 400, 16, tuning(16, 20));
    REQUIRE(s3.admit(1, 100, 100));
    s3.use(1, 10);
    REQUIRE(s3.admit(3, 100, 10'000));
    s3.use(3, uses_between);
    REQUIRE(s3.admit(2, 100, 100));
    s3.use(2, 4);
    REQUIRE(s3.admit(4, 100, 10'000));
    REQUIRE(s3.admit(5, 100, 10'000));
    return s3.evicted();
  };
  CHECK(evicted(1) == Numbers{2});    // 5 uses against 11
  CHECK(evicted(60) == Numbers{1});   // 11 halved three times and more
}

TEST_CASE("s3_fifo_cost: only so many of the oldest are compared, and the others come up next") {
  CacheHarness s3(PolicyKind::s3_fifo_cost, 1000, 64, tuning(2, 1000));
  for (std::uint64_t n = 1; n <= 8; ++n) REQUIRE(s3.admit(n, 100, 1000 - 100 * n));
  REQUIRE(s3.admit(9, 200, 1));
  REQUIRE(s3.admit(10, 100, 1));      // of 1 and 2, 2 is worth less
  CHECK(s3.evicted() == Numbers{2});
  REQUIRE(s3.admit(11, 100, 1));      // 9 has no room; of 3 and 4, 4 is the least, and worth more
  CHECK(s3.evicted() == Numbers{9});
}
