#include "core/store/digest_index.h"

#include <doctest/doctest.h>

#include <map>
#include <random>

#include "tests/core/store/digests.h"
#include "tests/core/support/test_memory.h"

using namespace guardrank;

TEST_CASE("an index finds what was added and nothing else") {
  TestMemory memory;
  Arena arena(memory.allocator(), 1 << 20);
  DigestIndex index;
  REQUIRE(index.open(100, 7, &arena) == Status::ok);
  std::map<std::uint64_t, std::uint32_t> model;
  std::mt19937_64 random(1);
  for (int step = 0; step < 20'000; ++step) {
    const std::uint64_t n = random() % 200;
    const Sha256Digest id = numbered_digest(n);
    const auto found = model.find(n);
    REQUIRE(index.find(id) == (found == model.end() ? no_slot : found->second));
    if (found != model.end()) {
      index.remove(found->second);
      model.erase(found);
    } else if (const std::uint32_t slot = index.add(id); model.size() == 100) {
      REQUIRE(slot == no_slot);
    } else {
      REQUIRE(slot < 100);
      REQUIRE(index.id(slot) == id);
      for (const auto& [other, taken] : model) REQUIRE(taken != slot);
      model[n] = slot;
    }
    REQUIRE(index.size() == model.size());
  }
}

TEST_CASE("an index takes no memory after it is opened, and refuses sizes out of range") {
  TestMemory memory;
  Arena arena(memory.allocator(), 1 << 20);
  DigestIndex index;
  CHECK(index.open(0, 0, &arena) == Status::limit);
  CHECK(index.open((1u << 30) + 1, 0, &arena) == Status::limit);
  CHECK(index.open(1 << 20, 0, &arena) == Status::memory);
  REQUIRE(index.open(3, 0, &arena) == Status::ok);
  const std::size_t n = memory.n_allocations;
  for (std::uint64_t i = 0; i < 3; ++i) REQUIRE(index.add(numbered_digest(i)) != no_slot);
  CHECK(index.add(numbered_digest(3)) == no_slot);
  CHECK(memory.n_allocations == n);
}
