#include <doctest/doctest.h>

#include <cfloat>
#include <cmath>
#include <string>
#include <vector>

#include "core/base/limits.h"
#include "tests/core/frame/sample_snapshot.h"

namespace guardrank {

namespace {

using Offers = std::vector<std::string_view>;

Value list_of(std::span<const std::string_view> texts) {
  Value value;
  value.type = FactType::string_list;
  value.is_missing = false;
  value.strings = texts;
  return value;
}

Value vector_of(std::span<const float> floats) {
  Value value;
  value.type = FactType::f32_vector;
  value.is_missing = false;
  value.floats = floats;
  return value;
}

Value time_of(std::int64_t micros) {
  Value value = Value::of(micros);
  value.type = FactType::timestamp;
  return value;
}

std::vector<std::string> list_at(const Column& column, std::uint32_t row) {
  std::vector<std::string> list;
  for (std::uint32_t i = column.list_offsets[row]; i < column.list_offsets[row + 1]; ++i) {
    list.emplace_back(column.strings[i]);
  }
  return list;
}

}  // namespace

TEST_CASE("candidates by id") {
  SampleSnapshot s;
  Request request = s.request();
  REQUIRE(request.set_candidates(Offers{"o-2", "o-4", "o-1"}, &s.error) == Status::ok);
  CHECK(request.n_candidates() == 3);
  CHECK_FALSE(request.is_whole_catalog());
  CHECK(request.catalog_row(0) == 2);
  CHECK(request.catalog_row(2) == 1);
  CHECK(request.offer_id(1) == "o-4");
  CHECK(request.offer_before(0, 1));
  CHECK_FALSE(request.offer_before(0, 2));
  CHECK_FALSE(request.offer_before(1, 1));
  CHECK(request.set_candidates(Offers{"o-2"}, &s.error) == Status::argument);
  CHECK(request.set_whole_catalog(&s.error) == Status::argument);
}

TEST_CASE("a request that was told nothing stands for the whole catalog") {
  SampleSnapshot s;
  Request request = s.request();
  CHECK(request.is_whole_catalog());
  CHECK(request.n_candidates() == 4);
  CHECK(request.offer_id(3) == "o-4");
  CHECK(request.catalog_row(3) == 3);
  CHECK(request.offer_before(1, 0));   // o-1 before o-3
  REQUIRE(request.set_candidates(Offers{}, &s.error) == Status::ok);
  CHECK(request.n_candidates() == 0);
  request.reset();
  CHECK(request.n_candidates() == 4);
}

TEST_CASE("unknown and duplicate offers name their row and change nothing") {
  SampleSnapshot s;
  Request request = s.request();
  CHECK(request.set_candidates(Offers{"o-1", "o-9"}, &s.error) == Status::unknown_offer);
  CHECK(s.error.message() == "candidates[1].offer: wanted an offer of the catalog, found 'o-9'");
  CHECK(request.set_candidates(Offers{"o-1", "o-2", "o-1"}, &s.error) == Status::duplicate_offer);
  CHECK(s.error.message() ==
        "candidates[2].offer: offer 'o-1' stands twice, first at candidates[0]");
  CHECK(request.set_candidates(Offers{""}, &s.error) == Status::unknown_offer);
  CHECK(request.set_candidates(Offers{"\xFF"}, &s.error) == Status::utf8);
  CHECK(request.is_whole_catalog());
  REQUIRE(request.set_candidates(Offers{"o-1"}, &s.error) == Status::ok);
}

TEST_CASE("unlisted offers, where the catalog allows them or there is none") {
  SampleSnapshot s;
  s.catalog.allows_unlisted = true;
  Request request = s.request();
  std::string text = "o-25";
  REQUIRE(request.set_candidates(Offers{"o-2", text, "o-3"}, &s.error) == Status::ok);
  text = "gone";
  CHECK(request.offer_id(1) == "o-25");
  CHECK(request.catalog_row(1) == no_offer);
  CHECK(request.offer_before(0, 1));
  CHECK(request.offer_before(1, 2));
  request.reset();
  CHECK(request.set_candidates(Offers{"x", "y", "x"}, &s.error) == Status::duplicate_offer);

  Request bare(s.facts, nullptr, s.memory.allocator());
  CHECK(bare.n_candidates() == 0);
  REQUIRE(bare.set_candidates(Offers{"b", "a"}, &s.error) == Status::ok);
  CHECK(bare.offer_before(1, 0));
}

TEST_CASE("ids: at, below and above the limit") {
  SampleSnapshot s;
  s.catalog.allows_unlisted = true;
  Request request = s.request();
  const std::string longest(limits::offer_id_bytes, 'x');
  REQUIRE(request.set_candidates(Offers{longest, longest.substr(1)}, &s.error) == Status::ok);
  request.reset();
  CHECK(request.set_candidates(Offers{longest + "x"}, &s.error) == Status::limit);
  CHECK(s.error.where() == "candidates[0].offer");
}

TEST_CASE("many candidates: at and above the limit") {
  SampleSnapshot s;
  s.catalog.allows_unlisted = true;
  Request request = s.request();
  std::vector<std::string> names;
  for (std::uint32_t i = 0; i <= limits::candidates; ++i) names.push_back("n" + std::to_string(i));
  Offers offers(names.begin(), names.end());
  CHECK(request.set_candidates(offers, &s.error) == Status::limit);
  offers.pop_back();
  REQUIRE(request.set_candidates(offers, &s.error) == Status::ok);
  CHECK(request.offer_id(999'999) == "n999999");
  request.reset();
  offers.back() = offers.front();
  CHECK(request.set_candidates(offers, &s.error) == Status::duplicate_offer);
  CHECK(s.error.where() == "candidates[999999].offer");
}

TEST_CASE("context values of every type are copied") {
  SampleSnapshot s;
  Request request = s.request();
  std::string state = "CA", tag = "a";
  const std::string_view tags[] = {tag, "b"};
  const float floats[] = {1, 2, 3};
  REQUIRE(request.set_context(s.context("income"), Value::of(-0.0), &s.error) == Status::ok);
  REQUIRE(request.set_context(s.context("age"), Value::of(std::int64_t{34}), &s.error) ==
          Status::ok);
  REQUIRE(request.set_context(s.context("state"), Value::of(std::string_view(state)), &s.error) ==
          Status::ok);
  REQUIRE(request.set_context(s.context("vip"), Value::of(true), &s.error) == Status::ok);
  REQUIRE(request.set_context(s.context("since"), time_of(-5), &s.error) == Status::ok);
  REQUIRE(request.set_context(s.context("tags"), list_of(tags), &s.error) == Status::ok);
  REQUIRE(request.set_context(s.context("vec"), vector_of(floats), &s.error) == Status::ok);
  state = "NY";
  tag = "z";
  CHECK(std::signbit(request.given(s.context("income")).numbers[0]));
  CHECK(request.given(s.context("age")).integers[0] == 34);
  CHECK(request.given(s.context("state")).strings[0] == "CA");
  CHECK(request.given(s.context("vip")).booleans[0] == 1);
  CHECK(request.given(s.context("since")).integers[0] == -5);
  CHECK(list_at(request.given(s.context("tags")), 0) == std::vector<std::string>{"a", "b"});
  CHECK(request.given(s.context("vec")).floats[2] == 3);
  CHECK(request.given(s.context("surface")).n_rows == 0);

  REQUIRE(request.set_context(s.context("age"), Value(), &s.error) == Status::ok);
  CHECK_FALSE(request.given(s.context("age")).is_present(0));
  request.reset();
  CHECK(request.given(s.context("income")).n_rows == 0);
}

TEST_CASE("numbers convert where nothing is lost") {
  SampleSnapshot s;
  Request request = s.request();
  const std::uint32_t income = s.context("income"), age = s.context("age");
  REQUIRE(request.set_context(income, Value::of(std::int64_t{5}), &s.error) == Status::ok);
  CHECK(request.given(income).numbers[0] == 5.0);
  REQUIRE(request.set_context(age, Value::of(-0x1p53), &s.error) == Status::ok);
  CHECK(request.given(age).integers[0] == -9007199254740992);
  for (const double wrong : {0.5, 0x1p53 + 2, -0x1p53 - 2, 1e300, 0x1p-1074}) {
    CHECK(request.set_context(age, Value::of(wrong), &s.error) == Status::type);
  }
  CHECK(s.error.message() == "context.age: wanted a whole number, found 5e-324");
  CHECK(request.given(age).integers[0] == -9007199254740992);
}

TEST_CASE("wrong values are refused, and what was given stays") {
  SampleSnapshot s;
  Request request = s.request();
  const std::uint32_t income = s.context("income");
  REQUIRE(request.set_context(income, Value::of(1.5), &s.error) == Status::ok);
  CHECK(request.set_context(income, Value::of(std::string_view("x")), &s.error) == Status::type);
  CHECK(s.error.message() == "context.income: wanted a number, found a string");
  CHECK(request.set_context(income, Value::of(NAN), &s.error) == Status::not_finite);
  CHECK(s.error.message() == "context.income: wanted a finite number, found NaN");
  CHECK(request.set_context(income, Value::of(-INFINITY), &s.error) == Status::not_finite);
  CHECK(request.set_context(income, Value::of(true), &s.error) == Status::type);
  CHECK(request.given(income).numbers[0] == 1.5);
  CHECK(request.set_context(s.context("age"), Value::of(NAN), &s.error) == Status::not_finite);
  CHECK(request.set_context(s.context("age"), time_of(1), &s.error) == Status::type);
  CHECK(request.set_context(s.context("vip"), Value::of(1.0), &s.error) == Status::type);
  CHECK(request.set_context(s.context("state"), Value::of(std::string_view("\xC0")), &s.error) ==
        Status::utf8);
  const std::string_view bad_list[] = {"a", "\xFF"};
  CHECK(request.set_context(s.context("tags"), list_of(bad_list), &s.error) == Status::utf8);
  const float two[] = {1, 2}, not_finite[] = {1, 2, INFINITY};
  CHECK(request.set_context(s.context("vec"), vector_of(two), &s.error) == Status::type);
  CHECK(s.error.message() == "context.vec: wanted 3 numbers, found 2");
  CHECK(request.set_context(s.context("vec"), vector_of(not_finite), &s.error) ==
        Status::not_finite);
}

TEST_CASE("a fact that no request may override is an unlisted offer's own") {
  SampleSnapshot s;
  s.catalog.allows_unlisted = true;
  Request request = s.request();
  const std::string_view offers[] = {"elsewhere", "o-1"};
  REQUIRE(request.set_candidates(offers, &s.error) == Status::ok);
  const Value one = Value::of(1.0);
  CHECK(request.set_candidate(0, s.offer("cpa"), one, &s.error) == Status::ok);
  CHECK(request.set_candidate(1, s.offer("cpa"), one, &s.error) == Status::argument);
  const double numbers[] = {1, 2};
  Column column;
  column.type = FactType::f64;
  column.n_rows = 2;
  column.numbers = numbers;
  CHECK(request.set_column(s.offer("cpa"), column, &s.error) == Status::argument);
  CHECK(s.error.where() == "candidates[1].facts.cpa");
  const std::uint8_t of_first[] = {1, 0};          // the listed offer keeps its own
  column.present = of_first;
  CHECK(request.set_column(s.offer("cpa"), column, &s.error) == Status::ok);
  CHECK(request.given(s.offer("cpa")).is_present(0));
  CHECK_FALSE(request.given(s.offer("cpa")).is_present(1));
}

TEST_CASE("facts are set where they belong") {
  SampleSnapshot s;
  Request request = s.request();
  const Value one = Value::of(1.0);
  CHECK(request.set_context(s.offer("apr"), one, &s.error) == Status::argument);
  CHECK(request.set_context(9999, one, &s.error) == Status::argument);
  CHECK(request.set_candidate(0, s.context("income"), one, &s.error) == Status::argument);
  CHECK(request.set_candidate(0, s.pair("seen_before"), one, &s.error) == Status::argument);
  CHECK(request.set_pair(0, s.offer("apr"), one, &s.error) == Status::argument);
  CHECK(request.set_candidate(4, s.offer("apr"), one, &s.error) == Status::argument);
  CHECK(request.set_context(s.fact(Namespace::probability, "click"), one, &s.error) ==
        Status::argument);
  CHECK(request.set_candidate(1, s.offer("cpa"), one, &s.error) == Status::argument);
  CHECK(s.error.message() ==
        "candidates[1].facts.cpa: the policy does not let a request set it");
  CHECK(request.set_candidate(1, s.offer("offer_id"), Value::of(std::string_view("o")), &s.error) ==
        Status::argument);
  for (std::uint32_t fact = 0; fact < s.facts.size(); ++fact) {
    CHECK(request.given(fact).n_rows == 0);
  }
  REQUIRE(request.set_candidate(1, s.offer("apr"), one, &s.error) == Status::ok);
  CHECK(request.set_candidates(Offers{"o-1"}, &s.error) == Status::argument);
}

TEST_CASE("strings and lists: at, below and above their limits") {
  SampleSnapshot s;
  Request request = s.request();
  const std::string longest(limits::string_bytes, 'x');
  const std::string longer = longest + "x";
  const std::uint32_t state = s.context("state"), tags = s.context("tags");
  REQUIRE(request.set_context(state, Value::of(std::string_view(longest)), &s.error) ==
          Status::ok);
  CHECK(request.set_context(state, Value::of(std::string_view(longer)), &s.error) ==
        Status::limit);
  std::vector<std::string_view> list(limits::list_elements, "x");
  REQUIRE(request.set_context(tags, list_of(list), &s.error) == Status::ok);
  CHECK(request.given(tags).list_offsets[1] == limits::list_elements);
  list.push_back("x");
  CHECK(request.set_context(tags, list_of(list), &s.error) == Status::limit);
  list = {longer};
  CHECK(request.set_context(tags, list_of(list), &s.error) == Status::limit);
  CHECK(request.given(tags).list_offsets[1] == limits::list_elements);
}

TEST_CASE("lists row by row, in any order and over again") {
  SampleSnapshot s;
  Request request = s.request();
  const std::uint32_t labels = s.pair("labels");
  const std::string_view abc[] = {"a", "b", "c"}, d[] = {"d"}, ef[] = {"e", "f"};
  REQUIRE(request.set_pair(2, labels, list_of(abc), &s.error) == Status::ok);
  REQUIRE(request.set_pair(0, labels, list_of(d), &s.error) == Status::ok);
  REQUIRE(request.set_pair(3, labels, list_of({}), &s.error) == Status::ok);
  const auto check = [&](const std::vector<std::vector<std::string>>& wanted) {
    const Column& column = request.given(labels);
    for (std::uint32_t row = 0; row < 4; ++row) CHECK(list_at(column, row) == wanted[row]);
  };
  check({{"d"}, {}, {"a", "b", "c"}, {}});
  CHECK_FALSE(request.given(labels).is_present(1));
  CHECK(request.given(labels).is_present(3));
  REQUIRE(request.set_pair(2, labels, list_of(d), &s.error) == Status::ok);
  REQUIRE(request.set_pair(3, labels, list_of(abc), &s.error) == Status::ok);
  REQUIRE(request.set_pair(0, labels, list_of(ef), &s.error) == Status::ok);
  check({{"e", "f"}, {}, {"d"}, {"a", "b", "c"}});
  REQUIRE(request.set_pair(0, labels, list_of({}), &s.error) == Status::ok);
  REQUIRE(request.set_pair(1, labels, list_of(abc), &s.error) == Status::ok);
  check({{}, {"a", "b", "c"}, {"d"}, {"a", "b", "c"}});
}

TEST_CASE("whole columns are borrowed, or converted") {
  SampleSnapshot s;
  Request request = s.request();
  const double apr[] = {1, 2, 3, 4};
  Column column;
  column.n_rows = 4;
  column.numbers = apr;
  REQUIRE(request.set_column(s.offer("apr"), column, &s.error) == Status::ok);
  CHECK(request.given(s.offer("apr")).numbers == apr);
  REQUIRE(request.set_column(s.pair("seen_before"), column, &s.error) == Status::ok);
  CHECK(request.given(s.pair("seen_before")).type == FactType::i64);
  CHECK(request.given(s.pair("seen_before")).integers[3] == 4);

  // A row set afterwards must not write to the host's array.
  REQUIRE(request.set_candidate(1, s.offer("apr"), Value::of(9.0), &s.error) == Status::ok);
  CHECK(apr[1] == 2);
  CHECK(request.given(s.offer("apr")).numbers[1] == 9);
  CHECK(request.given(s.offer("apr")).numbers[3] == 4);
}

TEST_CASE("a borrowed list column that does not start at 0 can be added to") {
  SampleSnapshot s;
  Request request = s.request();
  const std::string_view texts[] = {"skipped", "a", "b", "c"};
  const std::uint32_t offsets[] = {1, 2, 2, 4, 4};
  const std::uint8_t present[] = {1, 0, 1, 1};
  Column column;
  column.type = FactType::string_list;
  column.n_rows = 4;
  column.strings = texts;
  column.list_offsets = offsets;
  column.present = present;
  const std::uint32_t labels = s.pair("labels");
  REQUIRE(request.set_column(labels, column, &s.error) == Status::ok);
  const std::string_view added[] = {"x", "y"};
  REQUIRE(request.set_pair(1, labels, list_of(added), &s.error) == Status::ok);
  const Column& given = request.given(labels);
  CHECK(list_at(given, 0) == std::vector<std::string>{"a"});
  CHECK(list_at(given, 1) == std::vector<std::string>{"x", "y"});
  CHECK(list_at(given, 2) == std::vector<std::string>{"b", "c"});
  CHECK(list_at(given, 3).empty());
  CHECK(offsets[1] == 2);
}

TEST_CASE("a number that is none is found in every row of a column, and the ends of the range are not it") {
  SampleSnapshot s;
  Request request = s.request();
  Column column;
  column.n_rows = 4;
  for (const double wrong : {HUGE_VAL, -HUGE_VAL, std::nan(""), -std::nan("")}) {
    for (std::uint32_t at = 0; at < 4; ++at) {
      double values[] = {DBL_MAX, -DBL_MAX, 5e-324, -0.0};
      column.numbers = values;
      CHECK(request.set_column(s.offer("apr"), column, &s.error) == Status::ok);
      values[at] = wrong;
      CHECK(request.set_column(s.offer("apr"), column, &s.error) == Status::not_finite);
      CHECK(s.error.where() == "candidates[" + std::to_string(at) + "].facts.apr");
    }
  }
}

TEST_CASE("columns are checked row by row") {
  SampleSnapshot s;
  Request request = s.request();
  const double bad[] = {1, 2, NAN, 4};
  const std::uint8_t present[] = {1, 1, 0, 1};
  Column column;
  column.n_rows = 4;
  column.numbers = bad;
  CHECK(request.set_column(s.offer("apr"), column, &s.error) == Status::not_finite);
  CHECK(s.error.where() == "candidates[2].facts.apr");
  CHECK(request.given(s.offer("apr")).n_rows == 0);
  column.present = present;   // what is missing is not looked at
  CHECK(request.set_column(s.offer("apr"), column, &s.error) == Status::ok);
  CHECK(request.set_column(s.offer("name"), column, &s.error) == Status::type);
  CHECK(request.set_column(s.offer("cpa"), column, &s.error) == Status::argument);
  CHECK(request.set_column(s.context("income"), column, &s.error) == Status::argument);
  column.n_rows = 3;
  CHECK(request.set_column(s.offer("apr"), column, &s.error) == Status::argument);
  CHECK(s.error.message() == "offer.apr: wanted 4 rows, found 3");
  column.n_rows = 4;
  column.numbers = nullptr;
  CHECK(request.set_column(s.offer("apr"), column, &s.error) == Status::argument);

  const std::uint8_t booleans[] = {0, 1, 2, 1};
  Column flags;
  flags.type = FactType::boolean;
  flags.n_rows = 4;
  flags.booleans = booleans;
  CHECK(request.set_column(s.offer("active"), flags, &s.error) == Status::type);

  const std::uint32_t offsets[] = {0, 2, 1, 3, 3};
  const std::string_view texts[] = {"a", "b", "c"};
  Column lists;
  lists.type = FactType::string_list;
  lists.n_rows = 4;
  lists.strings = texts;
  lists.list_offsets = offsets;
  CHECK(request.set_column(s.pair("labels"), lists, &s.error) == Status::argument);
  // Which texts there are the last says: none behind is looked at, though a row before it points there.
  const std::uint32_t beyond[] = {0, 3, 1, 1, 1};
  const std::string_view one[] = {"a", "\xFF", "\xFF"};
  lists.strings = one;
  lists.list_offsets = beyond;
  CHECK(request.set_column(s.pair("labels"), lists, &s.error) == Status::argument);
  CHECK(s.error.message().find("list offsets go down") != std::string_view::npos);

  const float floats[8] = {};
  Column vectors;
  vectors.type = FactType::f32_vector;
  vectors.n_rows = 4;
  vectors.width = 3;
  vectors.floats = floats;
  CHECK(request.set_column(s.offer("vec"), vectors, &s.error) == Status::type);
}

TEST_CASE("request id and route") {
  SampleSnapshot s;
  Request request = s.request();
  const std::string longest(limits::request_id_bytes, 'r');
  REQUIRE(request.set_request_id(longest, &s.error) == Status::ok);
  CHECK(request.set_request_id(longest + "r", &s.error) == Status::limit);
  CHECK(request.set_request_id("\xFF", &s.error) == Status::utf8);
  CHECK(request.request_id() == longest);
  RouteKey key;
  key.surface = "home";
  REQUIRE(request.set_route(key, &s.error) == Status::ok);
  key.surface = "away";
  key.unit = "\xFF";
  CHECK(request.set_route(key, &s.error) == Status::utf8);
  CHECK(s.error.where() == "route.unit");
  CHECK(request.route().surface == "home");
}

TEST_CASE("every refusal of memory leaves the request as it was") {
  SampleSnapshot s;
  for (std::size_t n_allowed = 0; n_allowed < 8; ++n_allowed) {
    Request request = s.request();
    s.memory.n_left = n_allowed;
    const std::string big(60'000, 'x');
    const std::string_view list[] = {big, big, big};
    const Status first = request.set_context(s.context("tags"), list_of(list), &s.error);
    const Status second = request.set_pair(3, s.pair("labels"), list_of(list), &s.error);
    for (const Status status : {first, second}) {
      CHECK((status == Status::ok || status == Status::memory));
    }
    CHECK((request.given(s.context("tags")).n_rows == 1) == (first == Status::ok));
    CHECK((request.given(s.pair("labels")).n_rows == 4) == (second == Status::ok));
    s.memory.n_left = SIZE_MAX;
  }
}

TEST_CASE("once warm, requests of the same shape take nothing from the host") {
  SampleSnapshot s;
  Request request = s.request();
  const auto fill = [&] {
    request.reset();
    REQUIRE(request.set_candidates(Offers{"o-2", "o-4"}, &s.error) == Status::ok);
    REQUIRE(request.set_context(s.context("income"), Value::of(1.0), &s.error) == Status::ok);
    const std::string big(50'000, 'x');
    REQUIRE(request.set_context(s.context("state"), Value::of(std::string_view(big)), &s.error) ==
            Status::ok);
  };
  fill();
  fill();
  const std::size_t before = s.memory.n_allocations;
  for (int i = 0; i < 10; ++i) fill();
  CHECK(s.memory.n_allocations == before);
}

}  // namespace guardrank
