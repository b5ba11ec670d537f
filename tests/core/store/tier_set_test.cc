#include "core/store/tier_set.h"

#include <doctest/doctest.h>

#include "tests/core/store/digests.h"
#include "tests/core/support/test_memory.h"

using namespace guardrank;

namespace {

struct Tiers {
  explicit Tiers(std::uint32_t loads = 4, std::uint64_t disk_bytes = 2000)
      : arena(memory.allocator(), 1 << 20) {
    TierOptions options;
    options.memory = {PolicyKind::lru, 1000, 16, 0, {}};
    options.disk = {PolicyKind::lru, disk_bytes, 32, 0, {}};
    options.loads = loads;
    options.absent_micros = 500;
    REQUIRE(set.open(options, {}, {}, &arena) == Status::ok);
  }
  Found want(std::uint64_t n, std::int64_t now = 0) { return set.want(numbered_digest(n), now); }
  // From the origin to memory and disk.
  std::uint32_t bring(std::uint64_t n, std::uint64_t bytes) {
    const Found found = want(n);
    REQUIRE(found.residence == Residence::origin);
    REQUIRE(set.reserve(found.slot, bytes, 1) == Status::ok);
    if (set.begin_write(numbered_digest(n), bytes, 1)) set.written(numbered_digest(n), true);
    return set.loaded(found.slot);
  }

  TestMemory memory;
  Arena arena;
  TierSet set;
};

}  // namespace

TEST_CASE("a blob is loaded once, however many wait, and then found in memory") {
  Tiers tiers;
  const Found first = tiers.want(1);
  CHECK(first.residence == Residence::origin);
  for (int i = 0; i < 9999; ++i) {
    const Found next = tiers.want(1);
    REQUIRE(next.residence == Residence::loading);
    REQUIRE(next.slot == first.slot);
  }
  CHECK(tiers.set.waiters(first.slot) == 10'000);
  CHECK(tiers.set.n_loading() == 1);
  REQUIRE(tiers.set.reserve(first.slot, 600, 1) == Status::ok);
  CHECK(tiers.set.memory().pinned_bytes() == 600);
  const std::uint32_t slot = tiers.set.loaded(first.slot);
  CHECK(tiers.set.memory().pinned_bytes() == 0);
  CHECK(tiers.want(1).residence == Residence::memory);
  CHECK(tiers.want(1).slot == slot);
  CHECK(tiers.set.n_loading() == 0);
}

TEST_CASE("what memory gave up is read from disk, and what disk lost comes from the origin") {
  Tiers tiers;
  tiers.bring(1, 600);
  tiers.bring(2, 600);
  const Found again = tiers.want(1);
  CHECK(again.residence == Residence::disk);
  tiers.set.disk_failed(again.slot);
  CHECK(tiers.set.disk().find(numbered_digest(1)) == no_slot);
  CHECK(tiers.want(1).residence == Residence::loading);
  REQUIRE(tiers.set.reserve(again.slot, 600, 1) == Status::ok);
  tiers.set.loaded(again.slot);
  CHECK(tiers.want(2).residence == Residence::disk);
}

TEST_CASE("a blob that is being written is not on disk yet, nor after a write that failed") {
  Tiers tiers;
  const Sha256Digest id = numbered_digest(1);
  CHECK(tiers.set.begin_write(id, 300, 1));
  CHECK_FALSE(tiers.set.begin_write(id, 300, 1));
  const Found found = tiers.want(1);
  CHECK(found.residence == Residence::origin);
  tiers.set.failed(found.slot);
  tiers.set.written(id, false);
  CHECK(tiers.set.disk().bytes() == 0);
  CHECK(tiers.set.begin_write(id, 300, 1));
  tiers.set.written(id, true);
  CHECK(tiers.want(1).residence == Residence::disk);
  CHECK_FALSE(tiers.set.begin_write(numbered_digest(2), 2001, 1));
}

TEST_CASE("absence is believed for a short time, and then asked again") {
  Tiers tiers;
  tiers.set.absent(tiers.want(1, 1000).slot, 7, 1000);
  tiers.set.absent(tiers.want(2, 1100).slot, 7, 1100);
  CHECK(tiers.want(1, 1499).residence == Residence::absent);
  CHECK(tiers.want(1, 1499).reason == 7);
  CHECK(tiers.want(1, 1500).residence == Residence::origin);
  CHECK(tiers.want(2, 1500).residence == Residence::absent);
  CHECK(tiers.want(2, 1600).residence == Residence::origin);
}

TEST_CASE("the absent give way to loads; loads do not") {
  Tiers tiers(2);
  tiers.set.absent(tiers.want(1).slot, 7, 0);
  tiers.set.absent(tiers.want(2).slot, 7, 0);
  const Found third = tiers.want(3);
  CHECK(third.residence == Residence::origin);        // in the place of 1
  CHECK(tiers.want(2).residence == Residence::absent);
  CHECK(tiers.want(1).residence == Residence::origin);   // in the place of 2
  CHECK(tiers.want(2).residence == Residence::busy);
  tiers.set.failed(third.slot);
  CHECK(tiers.want(2).residence == Residence::origin);
}

TEST_CASE("a load that fails gives back what it reserved; one that cannot reserve may still end") {
  Tiers tiers;
  const Found one = tiers.want(1);
  const Found two = tiers.want(2);
  REQUIRE(tiers.set.reserve(one.slot, 700, 1) == Status::ok);
  CHECK(tiers.set.reserve(two.slot, 400, 1) == Status::limit);
  CHECK_FALSE((tiers.want(2), tiers.set.abandon(two.slot)));
  CHECK(tiers.set.abandon(two.slot));
  tiers.set.failed(one.slot);
  CHECK(tiers.set.memory().bytes() == 0);
  CHECK(tiers.set.reserve(two.slot, 400, 1) == Status::ok);
  tiers.set.loaded(two.slot);
  CHECK(tiers.want(1).residence == Residence::origin);
}
