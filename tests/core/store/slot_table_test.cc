#include "core/store/slot_table.h"

#include <doctest/doctest.h>

#include "tests/core/support/test_memory.h"

namespace guardrank::test {
namespace {

struct Slot {
  int value = 7;
};

TEST_CASE("slots are taken as new, those given back first, and no more than there are") {
  TestMemory memory;
  Arena arena(memory.allocator(), 1 << 16);
  SlotTable<Slot> table;
  CHECK(table.is_full());                                // not opened
  REQUIRE(table.open(3, &arena) == Status::ok);
  CHECK(table.capacity() == 3);
  CHECK_FALSE(table.has(0));
  for (std::uint32_t slot = 0; slot < 3; ++slot) {
    REQUIRE_FALSE(table.is_full());
    CHECK(table.take() == slot);
    CHECK(table[slot].value == 7);
    table[slot].value = static_cast<int>(slot);
    CHECK(table.has(slot));
    CHECK(table.place(&table[slot]) == slot);
  }
  CHECK(table.is_full());
  table.give_back(2);
  table.give_back(0);
  CHECK(table[2].value == 2);                            // as it was left
  CHECK(table.has(2));
  CHECK(table.take() == 0);
  CHECK(table[0].value == 7);
  CHECK(table.take() == 2);
  CHECK(table[1].value == 1);
  CHECK(table.is_full());
}

}  // namespace
}  // namespace guardrank::test
