#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "core/base/limits.h"
#include "tests/core/frame/sample_snapshot.h"

namespace guardrank {

namespace {

using Offers = std::vector<std::string_view>;
using Strings = std::vector<std::string>;

// A request and the frame over it.
struct Framed {
  Framed() : request(s.request()), arena(s.memory.allocator(), 1 << 24) {}

  void open() { REQUIRE(frame.open(request, &arena) == Status::ok); }
  Column column(std::uint32_t fact) {
    Column column;
    REQUIRE(frame.column(fact, &column) == Status::ok);
    CHECK(column.type == s.facts[fact].type);
    return column;
  }
  void keep(const std::vector<std::uint32_t>& rows) { REQUIRE(frame.keep(rows) == Status::ok); }

  // The rows as text, "-" where missing: whatever the type, one way to compare.
  Strings texts(std::uint32_t fact) {
    const Column values = column(fact);
    Strings texts;
    for (std::uint32_t i = 0; i < frame.n_rows(); ++i) {
      texts.push_back(text(values, values.row_of(i)));
    }
    return texts;
  }

  static std::string text(const Column& column, std::uint32_t row) {
    if (!column.is_present(row)) return "-";
    switch (column.type) {
      case FactType::f64: return std::to_string(column.numbers[row]).substr(0, 3);
      case FactType::i64:
      case FactType::timestamp: return std::to_string(column.integers[row]);
      case FactType::boolean: return column.booleans[row] != 0 ? "true" : "false";
      case FactType::string: return std::string(column.strings[row]);
      default: break;
    }
    std::string list = "[";
    if (column.type == FactType::f32_vector) {
      for (std::uint32_t i = 0; i < column.width; ++i) {
        list += std::to_string(column.floats[row * column.width + i]).substr(0, 2) + " ";
      }
    } else {
      for (std::uint32_t i = column.list_offsets[row]; i < column.list_offsets[row + 1]; ++i) {
        list.append(column.strings[i]).append(" ");
      }
    }
    return list + "]";
  }

  SampleSnapshot s;
  Request request;
  Arena arena;
  Frame frame;
};

}  // namespace

TEST_CASE("the whole catalog is not copied") {
  Framed f;
  f.open();
  CHECK(f.frame.n_rows() == 4);
  CHECK(f.column(f.s.offer("apr")).numbers == f.s.catalog.columns[0].column.numbers);
  CHECK(f.column(f.s.offer("tags")).strings == f.s.catalog.columns[3].column.strings);
  CHECK(f.column(f.s.offer("offer_id")).strings == f.s.catalog.ids.data());
  CHECK(f.texts(f.s.offer("tags")) == Strings{"[cash travel ]", "-", "[cash ]", "[]"});
}

TEST_CASE("request, then catalog, then default, then missing") {
  Framed f;
  f.s.catalog.allows_unlisted = true;
  REQUIRE(f.request.set_candidates(Offers{"o-2", "new", "o-1", "o-3"}, &f.s.error) == Status::ok);
  const auto set = [&](std::uint32_t row, std::string_view name, const Value& value) {
    REQUIRE(f.request.set_candidate(row, f.s.offer(name), value, &f.s.error) == Status::ok);
  };
  set(0, "apr", Value::of(9.0));
  set(1, "apr", Value::of(8.0));
  set(3, "min_age", Value::of(std::int64_t{99}));
  set(1, "name", Value::of(std::string_view("unlisted")));
  set(0, "active", Value::of(false));
  f.open();
  CHECK(f.texts(f.s.offer("apr")) == Strings{"9.0", "8.0", "1.5", "3.5"});
  CHECK(f.texts(f.s.offer("min_age")) == Strings{"21", "18", "18", "99"});
  CHECK(f.texts(f.s.offer("name")) == Strings{"two", "unlisted", "one", "three"});
  CHECK(f.texts(f.s.offer("tags")) == Strings{"[cash ]", "-", "-", "[cash travel ]"});
  CHECK(f.texts(f.s.offer("vec")) == Strings{"[2. 20 ]", "-", "[1. 10 ]", "[3. 30 ]"});
  CHECK(f.texts(f.s.offer("active")) == Strings{"false", "-", "false", "true"});
  CHECK(f.texts(f.s.offer("since")) == Strings{"2000000", "-", "1000000", "3000000"});
  CHECK(f.texts(f.s.offer("offer_id")) == Strings{"o-2", "new", "o-1", "o-3"});
  CHECK(f.texts(f.s.offer("bonus")) == Strings{"-", "-", "-", "-"});
  CHECK(f.column(f.s.offer("bonus")).n_rows == 1);
}

TEST_CASE("a fact missing in the request falls through to the catalog") {
  Framed f;
  REQUIRE(f.request.set_candidate(0, f.s.offer("apr"), Value::of(9.0), &f.s.error) == Status::ok);
  REQUIRE(f.request.set_candidate(0, f.s.offer("apr"), Value(), &f.s.error) == Status::ok);
  f.open();
  CHECK(f.texts(f.s.offer("apr")) == Strings{"3.5", "1.5", "2.5", "4.5"});
}

TEST_CASE("context comes from the request, then the route, then the default") {
  Framed f;
  RouteKey key;
  key.surface = "home";
  REQUIRE(f.request.set_route(key, &f.s.error) == Status::ok);
  f.open();
  CHECK(f.column(f.s.context("surface")).strings[0] == "home");
  CHECK_FALSE(f.column(f.s.context("state")).is_present(0));
  CHECK_FALSE(f.column(f.s.context("tags")).is_present(0));
  CHECK(f.column(f.s.context("vec")).width == 3);

  Framed g;
  REQUIRE(g.request.set_route(key, &g.s.error) == Status::ok);
  REQUIRE(g.request.set_context(g.s.context("surface"), Value::of(std::string_view("search")),
                                &g.s.error) == Status::ok);
  g.open();
  CHECK(g.column(g.s.context("surface")).strings[0] == "search");

  Framed h;
  const bool vip = true;
  Column fallback;
  fallback.type = FactType::boolean;
  fallback.n_rows = 1;
  const std::uint8_t stored = vip;
  fallback.booleans = &stored;
  h.s.facts.at(h.s.context("vip")).fallback = fallback;
  h.open();
  CHECK(h.column(h.s.context("vip")).booleans[0] == 1);
}

TEST_CASE("now is the request's time") {
  Framed f;
  f.request.set_time(123);
  f.open();
  const Column now = f.column(f.s.fact(Namespace::time, "now"));
  CHECK(now.n_rows == 1);
  CHECK(now.integers[0] == 123);
}

TEST_CASE("pair facts come from the request alone") {
  Framed f;
  REQUIRE(f.request.set_pair(2, f.s.pair("seen_before"), Value::of(std::int64_t{5}), &f.s.error) ==
          Status::ok);
  f.open();
  CHECK(f.texts(f.s.pair("seen_before")) == Strings{"-", "-", "5", "-"});
  CHECK(f.texts(f.s.pair("labels")) == Strings{"-", "-", "-", "-"});
}

TEST_CASE("keep selects rows of everything") {
  Framed f;
  REQUIRE(f.request.set_candidate(3, f.s.offer("apr"), Value::of(7.0), &f.s.error) == Status::ok);
  f.open();
  const std::uint32_t apr = f.s.offer("apr"), click = f.s.fact(Namespace::probability, "click");
  CHECK(f.texts(apr) == Strings{"3.5", "1.5", "2.5", "7.0"});
  const double p[] = {0.1, 0.2, 0.3, 0.4};
  const std::uint8_t present[] = {1, 1, 0, 1};
  Column output;
  output.n_rows = 4;
  output.numbers = p;
  output.present = present;
  f.frame.set_column(click, output);
  std::vector<std::span<float>> logits(1);
  std::vector<EncodedField> encoded(2);
  f.frame.logits = logits;
  f.frame.encoded = encoded;

  f.keep({1, 2, 3});
  CHECK(f.frame.logits.empty());
  CHECK(f.frame.encoded.empty());
  CHECK(std::vector<std::uint32_t>(f.frame.rows().begin(), f.frame.rows().end()) ==
        std::vector<std::uint32_t>{1, 2, 3});
  CHECK(f.texts(apr) == Strings{"1.5", "2.5", "7.0"});
  CHECK(f.texts(click) == Strings{"0.2", "-", "0.4"});
  CHECK(f.texts(f.s.offer("offer_id")) == Strings{"o-1", "o-2", "o-4"});
  CHECK(f.texts(f.s.offer("tags")) == Strings{"-", "[cash ]", "[]"});

  f.keep({0, 2});
  CHECK(f.texts(apr) == Strings{"1.5", "7.0"});
  CHECK(f.texts(click) == Strings{"0.2", "0.4"});
  f.keep({0, 1});   // nothing goes
  CHECK(f.texts(click) == Strings{"0.2", "0.4"});
  f.keep({1});
  CHECK(f.texts(apr) == Strings{"7.0"});
  CHECK(f.texts(click) == Strings{"0.4"});
  CHECK(f.texts(f.s.offer("min_age")) == Strings{"18"});
  f.keep({});
  CHECK(f.frame.n_rows() == 0);
  CHECK(f.texts(apr).empty());
  CHECK(f.column(f.s.offer("name")).n_rows == 1);
  CHECK_FALSE(f.column(f.s.offer("name")).is_present(0));
  CHECK(f.column(f.s.fact(Namespace::time, "now")).n_rows == 1);
}

TEST_CASE("columns that stages set keep every type through a selection") {
  Framed f;
  f.open();
  // The sample's own columns, set as if a stage had computed them.
  for (std::uint32_t i = 0; i < f.s.catalog.columns.size(); ++i) {
    const std::uint32_t fact = f.s.offer(f.s.catalog.columns[i].name);
    f.frame.set_column(fact, f.s.catalog.columns[i].column);
  }
  f.keep({0, 2});
  CHECK(f.texts(f.s.offer("apr")) == Strings{"3.5", "2.5"});
  CHECK(f.texts(f.s.offer("min_age")) == Strings{"30", "21"});
  CHECK(f.texts(f.s.offer("name")) == Strings{"three", "two"});
  CHECK(f.texts(f.s.offer("tags")) == Strings{"[cash travel ]", "[cash ]"});
  CHECK(f.texts(f.s.offer("vec")) == Strings{"[3. 30 ]", "[2. 20 ]"});
  CHECK(f.texts(f.s.offer("active")) == Strings{"true", "true"});
  CHECK(f.texts(f.s.offer("since")) == Strings{"3000000", "2000000"});
}

TEST_CASE("a shared column of a stage stays shared") {
  Framed f;
  f.open();
  const double one = 0.5;
  Column output;
  output.n_rows = 1;
  output.numbers = &one;
  const std::uint32_t click = f.s.fact(Namespace::probability, "click");
  f.frame.set_column(click, output);
  f.keep({0, 3});
  CHECK(f.column(click).numbers == &one);
  CHECK(f.texts(click) == Strings{"0.5", "0.5"});
}

TEST_CASE("a catalog larger than a request may be is refused") {
  Framed f;
  f.s.catalog.n_offers = limits::candidates + 1;
  f.request.reset();
  CHECK(f.request.set_whole_catalog(&f.s.error) == Status::limit);
  CHECK(f.frame.open(f.request, &f.arena) == Status::limit);
}

TEST_CASE("a catalog column of another type than its fact is refused") {
  Framed f;
  f.s.facts.at(f.s.offer("apr")).type = FactType::i64;
  f.open();
  Column column;
  CHECK(f.frame.column(f.s.offer("apr"), &column) == Status::type);
}

TEST_CASE("gathering takes memory for picks only once") {
  Framed f;
  REQUIRE(f.request.set_candidates(Offers{"o-4", "o-1"}, &f.s.error) == Status::ok);
  f.open();
  f.texts(f.s.offer("apr"));
  const std::size_t before = f.arena.used_bytes();
  f.texts(f.s.offer("apr"));
  CHECK(f.arena.used_bytes() == before);
}

TEST_CASE("memory that runs out is a status") {
  Framed f;
  REQUIRE(f.request.set_candidates(Offers{"o-4", "o-1"}, &f.s.error) == Status::ok);
  Arena none(f.s.memory.allocator(), 10);
  CHECK(f.frame.open(f.request, &none) == Status::memory);
}

}  // namespace guardrank
