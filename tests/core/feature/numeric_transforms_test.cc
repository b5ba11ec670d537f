// Transforms of numbers. Decimal constants were computed with Python's math module, as noted.
#include <doctest/doctest.h>

#include <cfloat>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include "tests/core/feature/field_fixture.h"

using namespace guardrank;
using guardrank::testing::FieldFixture;
using guardrank::testing::OwnedColumn;

using Floats = std::vector<float>;
using Flags = std::vector<int>;
using Codes = std::vector<std::uint32_t>;

namespace {

constexpr auto nothing = std::nullopt;
constexpr double infinity = std::numeric_limits<double>::infinity();

OwnedColumn numbers(std::vector<std::optional<double>> values) {
  return OwnedColumn::of(FactType::f64, values);
}

}  // namespace

TEST_CASE("identity passes numbers, integers and bools to the dense output") {
  FieldFixture number(FactType::f64);
  number.op(TransformKind::identity);
  REQUIRE(number.encode(numbers({1.5, nothing, -0.25})) == Status::ok);
  CHECK(number.dense() == Floats{1.5f, 0.0f, -0.25f});
  CHECK(number.missing() == Flags{0, 1, 0});

  FieldFixture integer(FactType::i64);
  REQUIRE(integer.encode(OwnedColumn::of(FactType::i64, {{7.0, nothing, -3.0}})) == Status::ok);
  CHECK(integer.dense() == Floats{7.0f, 0.0f, -3.0f});

  FieldFixture boolean(FactType::boolean);
  REQUIRE(boolean.encode(OwnedColumn::of(FactType::boolean, {{1.0, 0.0, nothing}})) == Status::ok);
  CHECK(boolean.dense() == Floats{1.0f, 0.0f, 0.0f});
  CHECK(boolean.missing() == Flags{0, 0, 1});
}

TEST_CASE("fill replaces what is missing, and the indicator still tells") {
  FieldFixture field(FactType::f64);
  field.fill(4.0).standardize(2.0, 0.5);
  REQUIRE(field.encode(numbers({3.0, nothing})) == Status::ok);
  CHECK(field.dense() == Floats{2.0f, 4.0f});
  CHECK(field.missing() == Flags{0, 1});
}

TEST_CASE("a missing value that nothing fills is 0 after its transforms") {
  FieldFixture field(FactType::f64);
  field.standardize(2.0, 0.5);
  REQUIRE(field.encode(numbers({nothing})) == Status::ok);
  CHECK(field.dense() == Floats{0.0f});
}

TEST_CASE("fill of an integer, a bool, a timestamp and a string") {
  FieldFixture whole(FactType::i64);
  whole.fill(5.0).embedding().vocabulary({"5", "6"});
  REQUIRE(whole.encode(OwnedColumn::of(FactType::i64, {{6.0, nothing}})) == Status::ok);
  CHECK(whole.codes() == Codes{3, 2});

  FieldFixture fraction(FactType::i64);
  fraction.fill(5.5);
  REQUIRE(fraction.encode(OwnedColumn::of(FactType::i64, {{6.0, nothing}})) == Status::ok);
  CHECK(fraction.dense() == Floats{6.0f, 5.5f});

  FieldFixture boolean(FactType::boolean);
  boolean.fill(1.0);
  REQUIRE(boolean.encode(OwnedColumn::of(FactType::boolean, {{0.0, nothing}})) == Status::ok);
  CHECK(boolean.dense() == Floats{0.0f, 1.0f});

  FieldFixture time(FactType::timestamp);
  time.fill(86400e6).op(TransformKind::days_since);
  REQUIRE(time.encode(OwnedColumn::of(FactType::timestamp, {{nothing}}), 3 * 86'400'000'000) ==
          Status::ok);
  CHECK(time.dense() == Floats{2.0f});
  CHECK(time.missing() == Flags{1});

  FieldFixture text(FactType::string);
  text.fill("NY").embedding().vocabulary({"CA", "NY"});
  REQUIRE(text.encode(OwnedColumn::of({{"CA", nothing}})) == Status::ok);
  CHECK(text.codes() == Codes{2, 3});
}

TEST_CASE("clip") {
  FieldFixture field(FactType::f64);
  field.clip(-1.0, 2.5);
  REQUIRE(field.encode(numbers({-3.0, -1.0, 0.5, 2.5, 1e300})) == Status::ok);
  CHECK(field.dense() == Floats{-1.0f, -1.0f, 0.5f, 2.5f, 2.5f});
}

TEST_CASE("the income field of contracts.md") {
  FieldFixture field(FactType::f64);
  field.fill(0.0).op(TransformKind::log1p).standardize(10.9, 0.8);
  REQUIRE(field.encode(numbers({82000.0, nothing})) == Status::ok);
  // (math.log1p(82000.0) - 10.9) / 0.8 and (math.log1p(0) - 10.9) / 0.8
  CHECK(field.dense()[0] == doctest::Approx(0.5181084016174764).epsilon(1e-7));
  CHECK(field.dense()[1] == -13.625f);
}

TEST_CASE("log1p of -1 and below is missing from there on") {
  FieldFixture field(FactType::f64);
  field.op(TransformKind::log1p);
  REQUIRE(field.encode(numbers({-1.0, -2.0, 99.5})) == Status::ok);
  CHECK(field.missing() == Flags{1, 1, 0});
  CHECK(field.dense()[0] == 0.0f);
  CHECK(field.dense()[1] == 0.0f);
  CHECK(field.dense()[2] == doctest::Approx(4.61015772749913).epsilon(1e-7));  // math.log1p(99.5)

  FieldFixture filled(FactType::f64);
  filled.op(TransformKind::log1p).fill(8.0);
  REQUIRE(filled.encode(numbers({-2.0})) == Status::ok);
  CHECK(filled.dense() == Floats{8.0f});
  CHECK(filled.missing() == Flags{1});
}

TEST_CASE("signed_log is odd") {
  FieldFixture field(FactType::f64);
  field.op(TransformKind::signed_log);
  REQUIRE(field.encode(numbers({-2.5, 0.0, 2.5})) == Status::ok);
  CHECK(field.dense()[0] == doctest::Approx(-1.252762968495368).epsilon(1e-7));  // -math.log1p(2.5)
  CHECK(field.dense()[1] == 0.0f);
  CHECK(field.dense()[2] == -field.dense()[0]);
}

TEST_CASE("values beyond float, NaN and infinity are missing") {
  FieldFixture field(FactType::f64);
  field.standardize(0.0, 1e-10);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  REQUIRE(field.encode(numbers({1e30, 1e300, nan, infinity, 1.0})) == Status::ok);
  CHECK(field.missing() == Flags{1, 1, 1, 1, 0});
  CHECK(field.dense() == Floats{0.0f, 0.0f, 0.0f, 0.0f, 1e10f});
  FieldFixture plain(FactType::f64);
  REQUIRE(plain.encode(numbers({double{FLT_MAX}, double{FLT_MAX} * 1.0001})) == Status::ok);
  CHECK(plain.dense() == Floats{FLT_MAX, 0.0f});
}

TEST_CASE("bucketize counts the edges at or below x") {
  FieldFixture field(FactType::f64);
  field.embedding().bucketize({0.0, 10.0, 20.0});
  REQUIRE(field.encode(numbers({-1.0, 0.0, 9.9, 10.0, 20.0, 1e9, nothing})) == Status::ok);
  CHECK(field.codes() == Codes{1, 2, 2, 3, 4, 4, 0});

  FieldFixture unedged(FactType::i64);
  unedged.embedding().bucketize({});
  REQUIRE(unedged.encode(OwnedColumn::of(FactType::i64, {{5.0, nothing}})) == Status::ok);
  CHECK(unedged.codes() == Codes{1, 0});
}

TEST_CASE("days_since") {
  FieldFixture field(FactType::timestamp);
  field.op(TransformKind::days_since);
  const OwnedColumn times = OwnedColumn::integers(
      FactType::timestamp, {1'793'000'000'000'000, 1'795'255'200'000'000, INT64_MIN});
  REQUIRE(field.encode(times, 1'795'255'200'000'000) == Status::ok);
  // (1795255200000000 - 1793000000000000) / 86400e6
  CHECK(field.dense()[0] == doctest::Approx(26.10185185185185).epsilon(1e-7));
  CHECK(field.dense()[1] == 0.0f);
  CHECK(field.missing() == Flags{0, 0, 1});  // the difference leaves int64
}

TEST_CASE("vectors: each element, and one missing element misses the row") {
  FieldFixture field(FactType::f32_vector);
  field.vector(3).op(TransformKind::log1p).clip(0.0, 1.0);
  REQUIRE(field.encode(OwnedColumn::vectors(3, {{{0.0f, -0.5f, 9.0f}}, nothing,
                                                {{-1.0f, 1.0f, 1.0f}}})) == Status::ok);
  CHECK(field.encoded().width == 3);
  CHECK(field.dense() == Floats{0, 0, 1, 0, 0, 0, 0, 0, 0});
  CHECK(field.missing() == Flags{0, 1, 1});

  FieldFixture filled(FactType::f32_vector);
  filled.vector(2).fill(0.5);
  REQUIRE(filled.encode(OwnedColumn::vectors(2, {nothing, {{1.0f, 2.0f}}})) == Status::ok);
  CHECK(filled.dense() == Floats{0.5f, 0.5f, 1.0f, 2.0f});
  CHECK(filled.encode(OwnedColumn::vectors(3, {nothing})) == Status::type);
}

namespace {

// A chain of one to four numeric steps, some of which lose numbers.
void add_random_chain(std::mt19937_64* random, FieldFixture* field) {
  const std::uint64_t n_steps = 1 + (*random)() % 4;
  for (std::uint64_t i = 0; i < n_steps; ++i) {
    switch ((*random)() % 7) {
      case 0: field->fill(-3.5); break;
      case 1: field->clip(-2.0, 1e30); break;
      case 2: field->op(TransformKind::log1p); break;
      case 3: field->op(TransformKind::signed_log); break;
      case 4: field->standardize(1.5, 0.25); break;
      case 5: field->standardize(0.0, 1e-300); break;
      default: field->op(TransformKind::identity);
    }
  }
}

}  // namespace

TEST_CASE("a number by itself is encoded as it is in a column") {
  const std::vector<std::optional<double>> values = {
      nothing, 0.0,  -0.0, 0.75,   -1.0,     -7.25,     3.0e38,   3.5e38, -1e300,
      1e308,   1e-5, 12.0, -1e-30, infinity, -infinity, std::nan("")};
  std::mt19937_64 random(5);
  int n_lost = 0, n_kept = 0;
  for (int i = 0; i < 500; ++i) {
    FieldFixture field(FactType::f64);
    add_random_chain(&random, &field);
    REQUIRE(field.encode(numbers(values)) == Status::ok);
    const Floats together = field.dense();
    const Flags missing = field.missing();
    for (std::size_t row = 0; row < values.size(); ++row) {
      REQUIRE(field.encode(numbers({values[row]})) == Status::ok);
      REQUIRE(std::memcmp(&field.dense()[0], &together[row], sizeof(float)) == 0);
      REQUIRE(field.missing()[0] == missing[row]);
      ++(missing[row] != 0 ? n_lost : n_kept);
    }
  }
  CHECK(n_lost > 1000);
  CHECK(n_kept > 1000);
}

TEST_CASE("one row stands for all, no rows for missing, and i64 serves an f64 field") {
  FieldFixture field(FactType::f64);
  const OwnedColumn one = OwnedColumn::of(FactType::i64, {{3.0}});
  REQUIRE(field.encode({one.view()}, 3) == Status::ok);
  CHECK(field.dense() == Floats{3.0f, 3.0f, 3.0f});
  REQUIRE(field.encode({Column{}}, 2) == Status::ok);
  CHECK(field.missing() == Flags{1, 1});
  REQUIRE(field.encode({one.view()}, 0) == Status::ok);
  CHECK(field.encoded().n_rows == 0);
  CHECK(field.encode({numbers({1.0, 2.0}).view()}, 3) == Status::type);
  CHECK(field.encode({OwnedColumn::of({{"x"}}).view()}, 1) == Status::type);
  CHECK(field.encode({}, 1) == Status::argument);
}

TEST_CASE("whole doubles serve an i64 field, others do not") {
  FieldFixture field(FactType::i64);
  REQUIRE(field.encode(numbers({4.0, nothing})) == Status::ok);
  CHECK(field.dense() == Floats{4.0f, 0.0f});
  CHECK(field.encode(numbers({4.5})) == Status::type);
  CHECK(field.encode(numbers({1e300})) == Status::type);
}

TEST_CASE("memory that runs out is a status") {
  FieldFixture field(FactType::f64);
  field.fill(0.0).op(TransformKind::log1p);
  const OwnedColumn column = numbers(std::vector<std::optional<double>>(2000, 1.0));
  const Column view = column.view();
  Arena arena(guardrank::testing::heap, 8192);
  EncodedField encoded;
  CHECK(encode_field(field.field(), {&view, 1}, 2000, 0, &arena, &encoded) == Status::memory);
}
