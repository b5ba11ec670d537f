#include <doctest/doctest.h>

#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

#include "core/base/arena.h"
#include "tests/core/support/test_memory.h"

namespace guardrank {

TEST_CASE("allocations are aligned, apart and zeroed by make") {
  TestMemory memory;
  Arena arena(memory.allocator(), 1 << 20);
  std::mt19937 random(1);
  std::vector<std::span<std::uint8_t>> blocks;
  for (int i = 0; i < 300; ++i) {
    const std::size_t alignment = std::size_t{1} << (random() % 7);
    const std::size_t size = random() % 700;
    auto* bytes = static_cast<std::uint8_t*>(arena.allocate(size, alignment));
    REQUIRE(bytes != nullptr);
    REQUIRE(reinterpret_cast<std::uintptr_t>(bytes) % alignment == 0);
    std::memset(bytes, i & 255, size);
    blocks.push_back({bytes, size});
  }
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    for (const std::uint8_t byte : blocks[i]) REQUIRE(byte == (i & 255));
  }
  std::span<std::uint64_t> numbers;
  REQUIRE(arena.make(100, &numbers) == Status::ok);
  for (const std::uint64_t number : numbers) CHECK(number == 0);
}

TEST_CASE("the limit holds for everything taken from the host") {
  TestMemory memory;
  Arena arena(memory.allocator(), 40'000);
  while (arena.allocate(1000, 8) != nullptr) {}
  CHECK(memory.live_bytes <= 40'000);
  CHECK(memory.live_bytes > 30'000);
  CHECK(arena.reserved_bytes() == memory.live_bytes);
  std::span<double> numbers;
  CHECK(arena.make(1000, &numbers) == Status::memory);
  CHECK(numbers.empty());
}

TEST_CASE("absurd sizes are refused, not wrapped") {
  TestMemory memory;
  Arena arena(memory.allocator(), SIZE_MAX);
  CHECK(arena.allocate(SIZE_MAX, 1) == nullptr);
  CHECK(arena.allocate(SIZE_MAX / 2 + 1, 64) == nullptr);
  std::span<double> numbers;
  CHECK(arena.make(SIZE_MAX / 8 + 1, &numbers) == Status::memory);
  CHECK(arena.make_uninitialised(SIZE_MAX / 8 + 1, &numbers) == Status::memory);
  CHECK(arena.make(0, &numbers) == Status::ok);
  CHECK(memory.n_allocations == 0);
}

TEST_CASE("a host without memory gives null, and the arena works on") {
  TestMemory memory;
  Arena arena(memory.allocator(), 1 << 20);
  REQUIRE(arena.allocate(100, 8) != nullptr);
  memory.n_left = 0;
  CHECK(arena.allocate(100'000, 8) == nullptr);
  CHECK(arena.allocate(100, 8) != nullptr);
  memory.n_left = SIZE_MAX;
  CHECK(arena.allocate(100'000, 8) != nullptr);
  CHECK(Arena().allocate(1, 1) == nullptr);
}

TEST_CASE("once warm, a repeated piece of work asks the host for nothing") {
  TestMemory memory;
  Arena arena(memory.allocator(), 1 << 24);
  const auto work = [&] {
    std::mt19937 random(7);
    for (int i = 0; i < 500; ++i) {
      REQUIRE(arena.allocate(random() % 5000, std::size_t{1} << (random() % 7)) != nullptr);
    }
  };
  work();
  const std::size_t used = arena.used_bytes();
  CHECK(memory.n_allocations > 1);
  arena.reset();
  CHECK(arena.used_bytes() == 0);
  const std::size_t before = memory.n_allocations;
  for (int i = 0; i < 5; ++i) {
    work();
    arena.reset();
  }
  CHECK(memory.n_allocations == before);
  CHECK(arena.peak_bytes() >= used - 64 * 20);
  arena.release();
  CHECK(memory.live_bytes == 0);
}

TEST_CASE("the destructor gives everything back") {
  TestMemory memory;
  {
    Arena arena(memory.allocator(), 1 << 24);
    for (int i = 0; i < 100; ++i) REQUIRE(arena.allocate(9000, 8) != nullptr);
  }
  CHECK(memory.live_bytes == 0);
}

}  // namespace guardrank
