#include "core/base/text_index.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "core/base/hash.h"
#include "tests/core/support/test_memory.h"

using namespace guardrank;

TEST_CASE("text index: each text is found where it stands, and no other") {
  TestMemory memory;
  for (const std::uint32_t n : {0u, 1u, 2u, 7u, 1000u, 4096u}) {
    std::vector<std::string> kept;
    for (std::uint32_t i = 0; i < n; ++i) kept.push_back("offer-" + std::to_string(i));
    const std::vector<std::string_view> texts(kept.begin(), kept.end());
    Arena arena(memory.allocator(), 1 << 20);
    TextIndex index;
    CHECK(!index.is_open());
    REQUIRE(index.open(texts, n, &arena) == Status::ok);
    CHECK(index.is_open());
    for (std::uint32_t i = 0; i < n; ++i) CHECK(index.find(kept[i]) == i);
    for (const char* other : {"", "offer-", "offer-1000000", "Offer-1"}) CHECK(index.find(other) == TextIndex::no_text);
  }
}

TEST_CASE("text index: of a text that stands twice the first is found") {
  TestMemory memory;
  Arena arena(memory.allocator(), 1 << 16);
  const std::string_view texts[] = {"a", "b", "a"};
  TextIndex index;
  REQUIRE(index.open(texts, 0, &arena) == Status::ok);
  CHECK(index.find("a") == 0);
  CHECK(index.find("b") == 1);
}

TEST_CASE("text index: texts that were made to collide are refused, and another seed takes them") {
  TestMemory memory;
  std::vector<std::string> kept;
  for (std::uint64_t i = 0; kept.size() < 300; ++i) {
    std::string text = std::to_string(i);
    if ((xxh64(text, 5) & 1023) == 17) kept.push_back(text);   // 300 texts: 1024 places
  }
  const std::vector<std::string_view> texts(kept.begin(), kept.end());
  Arena arena(memory.allocator(), 1 << 20);
  TextIndex index;
  CHECK(index.open(texts, 5, &arena) == Status::limit);
  CHECK(!index.is_open());
  CHECK(index.find(kept[0]) == TextIndex::no_text);
  CHECK(index.open(texts, 6, &arena) == Status::ok);
  CHECK(index.find(kept[299]) == 299);
}

TEST_CASE("text index: without memory it stays closed") {
  TestMemory memory;
  Arena arena(memory.allocator(), 64);
  const std::vector<std::string_view> texts(1000, "x");
  TextIndex index;
  CHECK(index.open(texts, 0, &arena) == Status::memory);
  CHECK(!index.is_open());
}
