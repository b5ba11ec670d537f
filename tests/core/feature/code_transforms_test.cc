// Transforms to embedding codes. Hash codes were computed with an XXH64 written in Python from its
// specification and checked against the published vectors of "", "a" and "abc":
//   code = 1 + xxh64(bytes, seed) % buckets
#include <doctest/doctest.h>

#include "tests/core/feature/field_fixture.h"

using namespace guardrank;
using guardrank::testing::FieldFixture;
using guardrank::testing::OwnedColumn;

using Codes = std::vector<std::uint32_t>;

namespace {

constexpr auto nothing = std::nullopt;

OwnedColumn integers(std::vector<std::int64_t> values) {
  return OwnedColumn::integers(FactType::i64, values);
}

}  // namespace

TEST_CASE("vocabulary: 0 missing, 1 unknown, then the values in order") {
  FieldFixture field(FactType::string);
  field.embedding().vocabulary({"NY", "CA", "", "AZ"});
  REQUIRE(field.encode(OwnedColumn::of({{"CA", "NY", "AZ", "", "ca", "ZZ", nothing}})) ==
          Status::ok);
  CHECK(field.codes() == Codes{3, 2, 5, 4, 1, 1, 0});
  CHECK(field.encoded().list_offsets == nullptr);
}

TEST_CASE("vocabulary of integers and bools goes by their text") {
  FieldFixture integer(FactType::i64);
  integer.embedding().vocabulary({"-7", "9223372036854775807"});
  REQUIRE(integer.encode(integers({-7, INT64_MAX, 7})) == Status::ok);
  CHECK(integer.codes() == Codes{2, 3, 1});

  FieldFixture boolean(FactType::boolean);
  boolean.embedding().vocabulary({"true", "false"});
  REQUIRE(boolean.encode(OwnedColumn::of(FactType::boolean, {{0.0, 1.0, nothing}})) == Status::ok);
  CHECK(boolean.codes() == Codes{3, 2, 0});
}

TEST_CASE("hash of strings") {
  FieldFixture field(FactType::string);
  field.embedding().hash(1000, 1);
  REQUIRE(field.encode(OwnedColumn::of({{"o-1", "", "gr\xc3\xb6\xc3\x9f" "e", nothing}})) ==
          Status::ok);
  CHECK(field.codes() == Codes{846, 876, 96, 0});

  FieldFixture published(FactType::string);
  published.embedding().hash(1'000'000, 0);
  REQUIRE(published.encode(OwnedColumn::of({{"abc"}})) == Status::ok);
  CHECK(published.codes() == Codes{1 + 0x44bc2cf5ad770999ULL % 1'000'000});  // the xxHash project's

  FieldFixture widest(FactType::string);
  widest.embedding().hash(UINT32_MAX, UINT64_MAX);
  REQUIRE(widest.encode(OwnedColumn::of({{"abc"}})) == Status::ok);
  CHECK(widest.codes() == Codes{3304099791});
}

TEST_CASE("hash of integers takes 8 little-endian bytes, bools are 0 and 1") {
  FieldFixture integer(FactType::i64);
  integer.embedding().hash(5000, 7);
  REQUIRE(integer.encode(integers({42, -1, 9007199254740993})) == Status::ok);
  CHECK(integer.codes() == Codes{2973, 1818, 2300});

  FieldFixture boolean(FactType::boolean);
  boolean.embedding().hash(5000, 7);
  REQUIRE(boolean.encode(OwnedColumn::of(FactType::boolean, {{0.0, 1.0, nothing}})) == Status::ok);
  CHECK(boolean.codes() == Codes{3824, 2721, 0});
}

TEST_CASE("lists: a code for each element, one code 0 for an empty or missing list") {
  FieldFixture field(FactType::string_list);
  field.embedding(Pooling::mean).vocabulary({"cash", "travel"});
  REQUIRE(field.encode(OwnedColumn::lists({{{"travel", "gas", "cash"}}, {{}}, nothing,
                                           {{"cash"}}})) == Status::ok);
  CHECK(field.codes() == Codes{3, 1, 2, 0, 0, 2});
  CHECK(field.offsets() == Codes{0, 3, 4, 5, 6});

  FieldFixture hashed(FactType::string_list);
  hashed.embedding(Pooling::sum).hash(100, 3);
  REQUIRE(hashed.encode(OwnedColumn::lists({{{"cash", "travel"}}})) == Status::ok);
  CHECK(hashed.codes() == Codes{69, 3});

  FieldFixture filled(FactType::string_list);
  filled.embedding(Pooling::mean).fill("travel").vocabulary({"cash", "travel"});
  REQUIRE(filled.encode(OwnedColumn::lists({nothing, {{"cash", "cash"}}})) == Status::ok);
  CHECK(filled.codes() == Codes{3, 2, 2});
  CHECK(filled.offsets() == Codes{0, 1, 3});
}

TEST_CASE("lists: offsets need not start at 0, and one row stands for all") {
  FieldFixture field(FactType::string_list);
  field.embedding(Pooling::mean).vocabulary({"a", "b", "c"});
  const std::string_view strings[] = {"a", "b", "c"};
  const std::uint32_t offsets[] = {1, 3};
  Column column;
  column.type = FactType::string_list;
  column.n_rows = 1;
  column.strings = strings;
  column.list_offsets = offsets;
  REQUIRE(field.encode({column}, 2) == Status::ok);
  CHECK(field.codes() == Codes{3, 4, 3, 4});
  CHECK(field.offsets() == Codes{0, 2, 4});
}

TEST_CASE("cross joins values after their lengths") {
  FieldFixture field(FactType::string);
  field.on(Side::pair).crossing({"state", "offer_id"}).hash(5000, 2).embedding();
  const OwnedColumn state = OwnedColumn::of({{"CA"}});
  const OwnedColumn offers = OwnedColumn::of({{"o-1", "o-2", nothing}});
  REQUIRE(field.encode({state.view(), offers.view()}, 3) == Status::ok);
  CHECK(field.codes() == Codes{1258, 4800, 0});
  // The lengths keep "C" + "Ao-1" apart from "CA" + "o-1".
  const OwnedColumn c = OwnedColumn::of({{"C"}}), ao1 = OwnedColumn::of({{"Ao-1"}});
  REQUIRE(field.encode({c.view(), ao1.view()}, 1) == Status::ok);
  CHECK(field.codes() == Codes{421});
  REQUIRE(field.encode({Column{}, offers.view()}, 3) == Status::ok);
  CHECK(field.codes() == Codes{0, 0, 0});
}

TEST_CASE("cross joins integers and bools as 8 bytes, and refuses numbers and lists") {
  FieldFixture field(FactType::string);
  field.on(Side::pair).crossing({"state", "count", "flag"}).hash(5000, 2).embedding();
  const OwnedColumn state = OwnedColumn::of({{"CA"}}), count = integers({7});
  const OwnedColumn flag = OwnedColumn::of(FactType::boolean, {{1.0}});
  REQUIRE(field.encode({state.view(), count.view(), flag.view()}, 1) == Status::ok);
  CHECK(field.codes() == Codes{716});
  const OwnedColumn number = OwnedColumn::of(FactType::f64, {{1.0}});
  CHECK(field.encode({state.view(), count.view(), number.view()}, 1) == Status::type);
  CHECK(field.encode({state.view(), count.view()}, 1) == Status::argument);
}
