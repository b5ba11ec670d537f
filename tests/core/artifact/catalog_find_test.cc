// Offers by their ids: through the index, and by their order where there is none.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "core/artifact/catalog.h"
#include "tests/core/support/test_memory.h"

using namespace guardrank;

TEST_CASE("an offer is found by its id with the index and without it") {
  std::vector<std::string> kept;
  for (int i = 0; i < 1000; ++i) kept.push_back("offer-" + std::to_string(i * 7919 % 1000));
  const std::vector<std::string_view> ids(kept.begin(), kept.end());
  std::vector<std::uint32_t> order(ids.size());
  for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) { return ids[a] < ids[b]; });
  TestMemory memory;
  Arena arena(memory.allocator(), 1 << 16);
  Catalog catalog;
  catalog.n_offers = 1000;
  catalog.ids = ids;
  catalog.order = order;
  for (const bool has_index : {false, true}) {
    if (has_index) REQUIRE(catalog.by_id.open(ids, 0, &arena) == Status::ok);
    CHECK(catalog.by_id.is_open() == has_index);
    for (std::uint32_t row = 0; row < ids.size(); ++row) CHECK(catalog.find(kept[row]) == row);
    for (const char* other : {"", "offer-", "offer-1000", "zzz"}) CHECK(catalog.find(other) == no_offer);
  }
}
