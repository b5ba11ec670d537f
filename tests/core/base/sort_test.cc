#include "core/base/sort.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include "core/base/random.h"

namespace guardrank {
namespace {

std::vector<std::uint64_t> draw_keys(std::uint32_t count, std::uint64_t below, std::uint64_t seed) {
  std::vector<std::uint64_t> keys(count);
  for (std::uint32_t i = 0; i < count; ++i)
    keys[i] = static_cast<std::uint64_t>(uniform(seed, 0, i) * static_cast<double>(below));
  return keys;
}

TEST_CASE("rows are sorted by any comparison, as std::sort does") {
  for (const std::uint32_t count : {0u, 1u, 2u, 3u, 17u, 1000u}) {
    const auto keys = draw_keys(count, 300, count);
    std::vector<std::uint32_t> rows(count), wanted(count);
    for (std::uint32_t i = 0; i < count; ++i) rows[i] = wanted[i] = i;
    const auto before = [&](std::uint32_t a, std::uint32_t b) {
      return keys[a] != keys[b] ? keys[a] > keys[b] : a < b;
    };
    sort_rows(rows, before);
    std::sort(wanted.begin(), wanted.end(), before);
    CHECK(rows == wanted);
  }
}

TEST_CASE("rows are sorted by key, equal keys in the order they had") {
  for (const std::uint64_t below : {3ull, 70000ull, 1ull << 40, 1ull << 63}) {
    const auto keys = draw_keys(2000, below, below);
    std::vector<KeyedRow> rows, scratch(keys.size());
    for (std::uint32_t i = 0; i < keys.size(); ++i) rows.push_back({keys[i], i});
    auto wanted = rows;
    sort_by_key(rows, scratch);
    std::sort(wanted.begin(), wanted.end(), [](const KeyedRow& a, const KeyedRow& b) {
      return a.key != b.key ? a.key < b.key : a.row < b.row;   // rows were in order
    });
    for (std::size_t i = 0; i < rows.size(); ++i) {
      REQUIRE(rows[i].key == wanted[i].key);
      REQUIRE(rows[i].row == wanted[i].row);
    }
  }
}

TEST_CASE("nothing and one row are sorted") {
  std::vector<KeyedRow> none, one{{5, 7}}, scratch(1);
  sort_by_key(none, none);
  sort_by_key(one, scratch);
  CHECK(one[0].row == 7);
}

TEST_CASE("keys order as their numbers do") {
  constexpr std::int64_t numbers[] = {std::numeric_limits<std::int64_t>::min(), -1, 0, 1,
                                      std::numeric_limits<std::int64_t>::max()};
  for (std::size_t i = 1; i < std::size(numbers); ++i) {
    CHECK(ascending_key(numbers[i - 1]) < ascending_key(numbers[i]));
    CHECK(descending_key(numbers[i - 1]) > descending_key(numbers[i]));
  }
}

}  // namespace
}  // namespace guardrank
