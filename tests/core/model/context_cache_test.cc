#include <doctest/doctest.h>

#include <vector>

#include "core/model/context_cache.h"
#include "tests/core/support/test_memory.h"

using namespace guardrank;

namespace {

constexpr std::uint64_t network_a = 1, network_b = 2;

std::vector<std::uint8_t> codes_of(std::uint8_t user) { return {user, 2, 3, 4}; }

bool has(const ContextCache& cache, std::uint64_t network, std::uint8_t user,
         std::int32_t wanted, std::size_t n_sums = 8) {
  std::vector<std::int32_t> sums(n_sums, -1);
  if (!cache.find(network, codes_of(user), sums)) return false;
  CHECK(sums == std::vector<std::int32_t>(n_sums, wanted));
  return true;
}

void add(ContextCache* cache, std::uint64_t network, std::uint8_t user, std::int32_t value,
         std::size_t n_sums = 8) {
  cache->add(network, codes_of(user), std::vector<std::int32_t>(n_sums, value));
}

}  // namespace

TEST_CASE("what was added is found, by network and by every code") {
  TestMemory memory;
  ContextCache cache(memory.allocator(), 1 << 16);
  CHECK(!has(cache, network_a, 1, 0));
  add(&cache, network_a, 1, 11);
  add(&cache, network_b, 1, 21);
  CHECK(has(cache, network_a, 1, 11));
  CHECK(has(cache, network_b, 1, 21));
  CHECK(!has(cache, network_a, 2, 0));
  CHECK(!has(cache, network_a, 1, 0, 7));      // sums of another model's size
}

TEST_CASE("the oldest goes first, and memory stays within the budget and as it is") {
  TestMemory memory;
  ContextCache cache(memory.allocator(), 4096);
  add(&cache, network_a, 0, 100);
  const std::size_t held = memory.live_bytes, n_allocations = memory.n_allocations;
  CHECK(held <= 4096);
  CHECK(held == cache.held_bytes());
  std::uint8_t n = 1;
  for (; has(cache, network_a, 0, 100); ++n) add(&cache, network_a, n, 100 + n);
  CHECK(n > 10);
  CHECK(has(cache, network_a, 1, 101));
  CHECK(has(cache, network_a, static_cast<std::uint8_t>(n - 1), 99 + n));
  CHECK(memory.live_bytes == held);
  CHECK(memory.n_allocations == n_allocations);
}

TEST_CASE("a larger model starts anew; smaller ones then share its slots") {
  TestMemory memory;
  ContextCache cache(memory.allocator(), 1 << 14);
  add(&cache, network_a, 1, 1);
  add(&cache, network_b, 1, 2, 500);
  CHECK(!has(cache, network_a, 1, 1));
  CHECK(has(cache, network_b, 1, 2, 500));
  add(&cache, network_a, 1, 1);
  CHECK(has(cache, network_a, 1, 1));
  CHECK(has(cache, network_b, 1, 2, 500));
}

TEST_CASE("a model for which there is no room leaves what another keeps, and takes no memory") {
  TestMemory memory;
  ContextCache cache(memory.allocator(), 4096);
  add(&cache, network_a, 1, 11);
  const std::size_t n_allocations = memory.n_allocations;
  for (int i = 0; i < 3; ++i) add(&cache, network_b, 1, 21, 4096);
  CHECK(has(cache, network_a, 1, 11));
  CHECK(!has(cache, network_b, 1, 21, 4096));
  CHECK(memory.n_allocations == n_allocations);
}

TEST_CASE("no room, or no memory, keeps nothing") {
  TestMemory memory;
  ContextCache none(memory.allocator(), 1);
  add(&none, network_a, 1, 1);
  CHECK(!has(none, network_a, 1, 1));
  CHECK(memory.n_allocations == 0);
  ContextCache refused(memory.allocator(), 1 << 16);
  memory.n_left = 0;
  add(&refused, network_a, 1, 1);
  CHECK(!has(refused, network_a, 1, 1));
  memory.n_left = SIZE_MAX;
  add(&refused, network_a, 1, 1);
  CHECK(has(refused, network_a, 1, 1));
}
