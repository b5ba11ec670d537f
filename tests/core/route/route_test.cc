// Which release serves. Fractions were computed with the xxhash package of Python:
//   (xxh64(unit, seed=xxh64(salt, 0)) >> 11) / 2**53
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "core/route/route.h"
#include "tests/core/support/test_memory.h"

// Requests and routes name few of their members here.
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

using namespace guardrank;

namespace {

struct Spec {
  Stage stage = Stage::full;
  double weight = 1;
  std::string_view product, market, segment, partner, surface, arm, salt, fallback;
};

Route route_of(const Spec& spec) {
  Route route;
  route.product = spec.product;
  route.market = spec.market;
  route.segment = spec.segment;
  route.partner = spec.partner;
  route.surface = spec.surface;
  route.arm = spec.arm;
  route.stage = spec.stage;
  route.traffic_weight = spec.weight;
  route.salt = spec.salt;
  route.fallback = spec.fallback;
  return route;
}

// Releases that a test adds, and the table of them.
class World {
 public:
  World& add(std::string name, std::vector<Spec> specs, std::int64_t created = 0) {
    auto& routes = routes_.emplace_back();
    for (const Spec& spec : specs) routes.push_back(route_of(spec));
    names_.push_back(std::move(name));
    created_.push_back(created);
    return *this;
  }
  Status prepare(bool is_reversed = false) {
    std::vector<Release> releases;
    for (std::size_t i = 0; i < routes_.size(); ++i) {
      if (is_reversed) std::reverse(routes_[i].begin(), routes_[i].end());
      Release release;
      release.name = names_[i];
      release.created = created_[i];
      release.routes = routes_[i];
      releases.push_back(release);
    }
    if (is_reversed) std::reverse(releases.begin(), releases.end());
    arena_.reset();
    table = RouteTable();
    return table.prepare(releases, &arena_, &error);
  }
  // "cards@42/b" for the primary: its release and arm; "-" where nothing serves.
  std::string serves(const RouteKey& key) {
    const RouteChoice choice = table.choose(key);
    if (choice.primary == no_route) return "-";
    return label(choice.primary);
  }
  std::string label(std::uint32_t ordinal) const {
    const std::string arm(table.route(ordinal).arm);
    return std::string(table.release(ordinal).name) + (arm.empty() ? "" : "/" + arm);
  }
  std::vector<std::string> shadows(const RouteKey& key) {
    const RouteChoice choice = table.choose(key);
    std::vector<std::string> labels;
    for (std::uint32_t i = 0; i < choice.n_shadows; ++i) labels.push_back(label(choice.shadows[i]));
    return labels;
  }
  std::vector<std::string> chain(const RouteKey& key, ChainEnd end) {
    const RouteChoice choice = table.choose(key);
    CHECK(choice.chain_end == end);
    std::vector<std::string> labels;
    for (std::uint32_t i = 0; i < choice.n_fallbacks; ++i)
      labels.push_back(label(choice.fallbacks[i]));
    return labels;
  }
  RouteVerdict verdict(const RouteKey& key, std::uint32_t ordinal) {
    return explain_route(table, key, table.choose(key), ordinal).verdict;
  }
  std::string explain(const RouteKey& key) {
    std::string_view text;
    REQUIRE(write_route_explanation(table, key, &arena_, &text) == Status::ok);
    return std::string(text);
  }

  RouteTable table;
  Error error;

 private:
  TestMemory memory_;
  Arena arena_{memory_.allocator(), std::size_t{256} << 20};
  std::vector<std::vector<Route>> routes_;
  std::vector<std::string> names_;
  std::vector<std::int64_t> created_;
};

std::string unit_name(int i) { return "user-" + std::to_string(i); }

using Labels = std::vector<std::string>;

}  // namespace

TEST_CASE("fractions of units") {
  CHECK(unit_fraction("autumn", "user-9") == 0x1.c52bbe2b7427cp-1);
  CHECK(unit_fraction("", "a") == 0x1.4d1b833b3dffdp-1);
  CHECK(unit_fraction("cards@42", "") == 0x1.0fd0781d5fd08p-3);
  CHECK(unit_fraction("cards@42", "user-1") == 0x1.07e0fa8f9d434p-1);
  // Salt and unit are no mere concatenation.
  CHECK(unit_fraction("ab", "c") == 0x1.e01f7e74c092cp-2);
  CHECK(unit_fraction("a", "bc") == 0x1.772a445196382p-2);
}

TEST_CASE("an order of what routes name: more dimensions, then narrower ones") {
  const Spec ascending[] = {{},
                            {.product = "p"},
                            {.market = "p"},
                            {.segment = "p"},
                            {.partner = "p"},
                            {.surface = "p"},
                            {.product = "p", .market = "p"},
                            {.product = "p", .partner = "p"},
                            {.partner = "p", .surface = "p"},
                            {.product = "p", .market = "p", .segment = "p"}};
  for (std::size_t i = 1; i < std::size(ascending); ++i)
    CHECK(specificity(route_of(ascending[i - 1])) < specificity(route_of(ascending[i])));
}

TEST_CASE("the most specific route serves; empty matches everything") {
  World world;
  world.add("any", {{}})
      .add("card", {{.product = "card"}})
      .add("card-us", {{.product = "card", .market = "US"}})
      .add("card-acme", {{.product = "card", .partner = "acme"}})
      .add("card-us-home", {{.product = "card", .market = "US", .surface = "home"}});
  for (const bool is_reversed : {false, true}) {
    REQUIRE(world.prepare(is_reversed) == Status::ok);
    CHECK(world.serves({}) == "any");
    CHECK(world.serves({.product = "loan", .market = "US"}) == "any");
    CHECK(world.serves({.product = "card"}) == "card");
    CHECK(world.serves({.product = "card", .market = "DE"}) == "card");
    CHECK(world.serves({.product = "card", .market = "US"}) == "card-us");
    CHECK(world.serves({.product = "card", .market = "US", .partner = "acme"}) == "card-acme");
    CHECK(world.serves({.product = "card", .market = "US", .partner = "acme", .surface = "home"}) ==
          "card-us-home");
    CHECK(world.serves({.product = "card", .market = "us"}) == "card");   // texts as they are
  }
}

TEST_CASE("nothing serves where nothing matches, and nothing offline or in shadow ever does") {
  World world;
  world.add("us", {{.market = "US"}})
      .add("off", {{.stage = Stage::offline, .product = "card", .market = "US"}})
      .add("dark", {{.stage = Stage::shadow, .product = "card"}});
  REQUIRE(world.prepare() == Status::ok);
  CHECK(world.serves({.product = "card", .market = "DE", .unit = "u"}) == "-");
  CHECK(world.serves({.product = "card", .market = "US", .unit = "u"}) == "us");
  CHECK(world.verdict({.product = "card", .market = "US", .unit = "u"}, 1) == RouteVerdict::offline);
  CHECK(world.shadows({.product = "card", .market = "DE"}) == Labels{"dark"});
  World empty;
  REQUIRE(empty.prepare() == Status::ok);
  CHECK(empty.serves({.product = "card"}) == "-");
}

TEST_CASE("a canary takes the units that its weight says; without a unit the full route serves") {
  World world;
  world.add("cards@41", {{}}).add("cards@42", {{.stage = Stage::canary, .weight = 0.05}});
  REQUIRE(world.prepare() == Status::ok);
  CHECK(world.serves({}) == "cards@41");
  CHECK(world.verdict({}, 1) == RouteVerdict::needs_unit);
  // Of user-0 to user-39 those with a fraction below 0.05, as Python found them.
  for (int i = 0; i < 40; ++i) {
    const std::string unit = unit_name(i);
    const bool is_canary = i == 13 || i == 15 || i == 38;
    CHECK(world.serves({.unit = unit}) == (is_canary ? "cards@42" : "cards@41"));
    CHECK(world.verdict({.unit = unit}, 1) ==
          (is_canary ? RouteVerdict::serves : RouteVerdict::other_units));
    CHECK(world.verdict({.unit = unit}, 0) ==
          (is_canary ? RouteVerdict::experiment_serves : RouteVerdict::serves));
  }
}

TEST_CASE("a raised canary keeps its units; its share is its weight") {
  World five, ten;
  five.add("cards@41", {{}}).add("cards@42", {{.stage = Stage::canary, .weight = 0.05}});
  ten.add("cards@41", {{}}).add("cards@42", {{.stage = Stage::canary, .weight = 0.10}});
  REQUIRE(five.prepare() == Status::ok);
  REQUIRE(ten.prepare() == Status::ok);
  constexpr int n = 100'000;
  int n_five = 0, n_ten = 0, n_lost = 0;
  for (int i = 0; i < n; ++i) {
    const std::string unit = unit_name(i);
    const bool in_five = five.serves({.unit = unit}) == "cards@42";
    const bool in_ten = ten.serves({.unit = unit}) == "cards@42";
    n_five += in_five;
    n_ten += in_ten;
    n_lost += in_five && !in_ten;
  }
  CHECK(n_lost == 0);
  // Five standard deviations of a binomial: 5 sqrt(n p (1 - p)).
  CHECK(std::abs(n_five - 5'000) < 345);
  CHECK(std::abs(n_ten - 10'000) < 475);
}

TEST_CASE("fractions are uniform: chi-square over 100 bins") {
  for (const std::string_view salt : {"", "autumn", "cards@42"}) {
    int bins[100] = {};
    constexpr int n = 100'000;
    for (int i = 0; i < n; ++i) ++bins[static_cast<int>(unit_fraction(salt, unit_name(i)) * 100)];
    double chi = 0;
    for (const int count : bins) chi += (count - n / 100.0) * (count - n / 100.0) / (n / 100.0);
    CHECK(chi < 160.0);   // 99 degrees of freedom: above it once in 10,000
    CHECK(chi > 50.0);
  }
}

TEST_CASE("arms of one experiment ramp without moving a unit between them") {
  const auto prepared = [](World* world, double weight) {
    world->add("now", {{}})
        .add("x", {{.stage = Stage::ab, .weight = weight, .arm = "a", .salt = "autumn"}})
        .add("y", {{.stage = Stage::ab, .weight = weight, .arm = "b", .salt = "autumn"}});
    REQUIRE(world->prepare() == Status::ok);
  };
  World small, large;
  prepared(&small, 0.05);
  prepared(&large, 0.25);
  int n_a = 0, n_b = 0, n_moved = 0;
  constexpr int n = 40'000;
  for (int i = 0; i < n; ++i) {
    const std::string unit = unit_name(i);
    const std::string before = small.serves({.unit = unit}), after = large.serves({.unit = unit});
    n_moved += before != "now" && before != after;
    n_a += after == "x/a";
    n_b += after == "y/b";
  }
  CHECK(n_moved == 0);
  CHECK(std::abs(n_a - 10'000) < 435);
  CHECK(std::abs(n_b - 10'000) < 435);
}

TEST_CASE("experiments with salts of their own have their weights of all traffic") {
  World world;
  world.add("now", {{}})
      .add("canary", {{.stage = Stage::canary, .weight = 0.2}})
      .add("test", {{.stage = Stage::ab, .weight = 0.5, .arm = "b", .salt = "autumn"}});
  REQUIRE(world.prepare() == Status::ok);
  int n_canary = 0, n_test = 0;
  constexpr int n = 40'000;
  for (int i = 0; i < n; ++i) {
    const std::string served = world.serves({.unit = unit_name(i)});
    n_canary += served == "canary";
    n_test += served == "test/b";
  }
  CHECK(std::abs(n_canary - 8'000) < 400);
  CHECK(std::abs(n_test - 20'000) < 500);
}

TEST_CASE("weights of more than all are all") {
  World world;
  world.add("now", {{}})
      .add("x", {{.stage = Stage::ab, .weight = 7, .arm = "a", .salt = "s"}})
      .add("y", {{.stage = Stage::ab, .weight = 1, .arm = "b", .salt = "s"}});
  REQUIRE(world.prepare() == Status::ok);
  int n_x = 0;
  for (int i = 0; i < 4000; ++i) {
    const std::string served = world.serves({.unit = unit_name(i)});
    CHECK(served != "now");
    n_x += served == "x/a";
  }
  CHECK(std::abs(n_x - 2000) < 160);
  World none;
  none.add("now", {{}}).add("x", {{.stage = Stage::canary, .weight = 0}});
  REQUIRE(none.prepare() == Status::ok);
  for (int i = 0; i < 200; ++i) CHECK(none.serves({.unit = unit_name(i)}) == "now");
}

TEST_CASE("units that an experiment of a narrower route leaves go to the wider one") {
  World world;
  world.add("all", {{.product = "card"}})
      .add("us", {{.stage = Stage::canary, .weight = 0.3, .product = "card", .market = "US"}});
  REQUIRE(world.prepare() == Status::ok);
  int n_us = 0;
  for (int i = 0; i < 10'000; ++i) {
    const std::string unit = unit_name(i);
    n_us += world.serves({.product = "card", .market = "US", .unit = unit}) == "us";
    CHECK(world.serves({.product = "card", .market = "DE", .unit = unit}) == "all");
  }
  CHECK(std::abs(n_us - 3'000) < 230);
}

TEST_CASE("the choice does not depend on the order of releases and routes") {
  World a, b;
  for (World* world : {&a, &b}) {
    world->add("r1", {{.arm = "x"}, {.product = "card", .arm = "y"},
                      {.stage = Stage::ab, .weight = 0.2, .arm = "c", .salt = "s"}}, 5)
        .add("r2", {{.arm = "z"}, {.stage = Stage::ab, .weight = 0.3, .arm = "b", .salt = "s"},
                    {.stage = Stage::shadow, .weight = 0.5, .product = "card"}}, 7)
        .add("r3", {{.stage = Stage::canary, .weight = 0.1}, {.stage = Stage::shadow}}, 6);
  }
  REQUIRE(a.prepare() == Status::ok);
  REQUIRE(b.prepare(true) == Status::ok);
  for (int i = 0; i < 500; ++i) {
    const std::string unit = unit_name(i);
    for (const std::string_view product : {"card", "loan"}) {
      const RouteKey key{.product = product, .unit = unit};
      CHECK(a.serves(key) == b.serves(key));
      CHECK(a.shadows(key) == b.shadows(key));
    }
  }
  CHECK(a.serves({.product = "loan"}) == "r2/z");   // made later than r1
}

TEST_CASE("of full routes of equal match the release made last serves") {
  World world;
  world.add("cards@42", {{}}, 200).add("cards@41", {{}}, 100).add("cards@40", {{}}, 50);
  REQUIRE(world.prepare() == Status::ok);
  CHECK(world.serves({}) == "cards@42");
  CHECK(world.verdict({}, 1) == RouteVerdict::newer_serves);
  CHECK(world.verdict({}, 2) == RouteVerdict::newer_serves);
}

TEST_CASE("shadows: every release by its most specific one, sampled by its weight") {
  World world;
  world.add("now", {{}})
      .add("s1", {{.stage = Stage::shadow}, {.stage = Stage::shadow, .product = "card", .arm = "c"}})
      .add("s2", {{.stage = Stage::shadow, .weight = 0.25}});
  REQUIRE(world.prepare() == Status::ok);
  CHECK(world.serves({.product = "card"}) == "now");
  CHECK(world.shadows({.product = "card"}) == Labels{"s1/c"});
  CHECK(world.verdict({.product = "card"}, 1) == RouteVerdict::surplus_shadow);
  CHECK(world.verdict({.product = "card"}, 3) == RouteVerdict::needs_unit);
  CHECK(world.shadows({}) == Labels{"s1"});
  int n_sampled = 0;
  for (int i = 0; i < 10'000; ++i) {
    const Labels labels = world.shadows({.unit = unit_name(i)});
    CHECK(std::count(labels.begin(), labels.end(), "s1") == 1);
    n_sampled += labels.size() == 2;
  }
  CHECK(std::abs(n_sampled - 2'500) < 217);
}

TEST_CASE("at most four shadows") {
  World world;
  world.add("now", {{}});
  for (const char* name : {"a", "b", "c", "d", "e"}) world.add(name, {{.stage = Stage::shadow}});
  REQUIRE(world.prepare() == Status::ok);
  CHECK(world.shadows({}) == Labels{"a", "b", "c", "d"});
  CHECK(world.verdict({}, 5) == RouteVerdict::surplus_shadow);
}

TEST_CASE("chains of fallbacks") {
  World world;
  world.add("one", {{.product = "card", .fallback = "two"}})
      .add("two", {{.fallback = "three"}, {.product = "card", .arm = "own", .fallback = "three"}})
      .add("three", {{.stage = Stage::canary, .weight = 1, .arm = "no"}, {.arm = "yes"}});
  REQUIRE(world.prepare() == Status::ok);
  CHECK(world.chain({.product = "card"}, ChainEnd::complete) == Labels{"two/own", "three/yes"});
}

TEST_CASE("chains that end early say why") {
  World world;
  world.add("lost", {{.product = "a", .fallback = "gone"}})
      .add("loop", {{.product = "b", .fallback = "pool"}})
      .add("pool", {{.product = "b", .segment = "none", .fallback = "x"},
                    {.product = "b", .market = "US", .fallback = "loop"}})
      .add("narrow", {{.product = "c", .fallback = "loop"}})
      .add("l1", {{.product = "d", .fallback = "l2"}})
      .add("l2", {{.product = "d", .fallback = "l3"}}).add("l3", {{.product = "d", .fallback = "l4"}})
      .add("l4", {{.product = "d", .fallback = "l5"}}).add("l5", {{.product = "d", .fallback = "l6"}})
      .add("l6", {{.product = "d"}});
  REQUIRE(world.prepare() == Status::ok);
  CHECK(world.chain({.product = "a"}, ChainEnd::unknown).empty());
  CHECK(world.table.choose({.product = "a"}).missing_fallback == "gone");
  const RouteKey loop{.product = "b", .partner = "p", .surface = "s"};
  CHECK(world.chain(loop, ChainEnd::unmatched).empty());
  const RouteKey cycle{.product = "b", .market = "US"};
  CHECK(world.serves(cycle) == "pool");
  CHECK(world.chain(cycle, ChainEnd::cycle) == Labels{"loop"});
  CHECK(world.chain({.product = "c"}, ChainEnd::unmatched).empty());
  const RouteKey five{.product = "d"};
  CHECK(world.serves(five) == "l1");   // equal otherwise: by name
  CHECK(world.chain(five, ChainEnd::too_long) == Labels{"l2", "l3", "l4", "l5"});
}

TEST_CASE("two releases of one name are refused") {
  World world;
  world.add("cards", {{}}).add("other", {{}}).add("cards", {{.product = "x"}});
  CHECK(world.prepare() == Status::duplicate);
  CHECK(world.error.where() == "releases");
}

TEST_CASE("thousands of releases, each found by its own values") {
  World world;
  std::vector<std::string> names;
  for (int i = 0; i < 3000; ++i) names.push_back("p" + std::to_string(i));
  for (const std::string& name : names) world.add(name, {{.product = name}});
  REQUIRE(world.prepare() == Status::ok);
  for (const std::string& name : names) CHECK(world.serves({.product = name}) == name);
  CHECK(world.serves({.product = "p3000"}) == "-");
}

TEST_CASE("no memory is no table") {
  TestMemory memory;
  Arena arena(memory.allocator(), 64);
  const Route routes[4] = {};
  Release release;
  release.name = "r";
  release.routes = routes;
  RouteTable table;
  Error error;
  CHECK(table.prepare({&release, 1}, &arena, &error) == Status::memory);
}

TEST_CASE("an explanation names every route, its verdict and its share") {
  World world;
  world.add("cards@41", {{.product = "card"}}, 1)
      .add("cards@42", {{.stage = Stage::canary, .weight = 0.05, .product = "card",
                         .fallback = "cards@41"}});
  REQUIRE(world.prepare() == Status::ok);
  const std::string text = world.explain({.product = "card", .unit = "user-13"});
  for (const char* part :
       {R"("request":{"product":"card","unit":"user-13"})",
        R"("primary":{"release":"cards@42","route":0,"stage":"canary","arm":"","tier":"warm")",
        R"("fallbacks":[{"release":"cards@41")", R"("chain":"complete")",
        R"("verdict":"serves","salt":"cards@42","share":[0,0.05],"fraction":0.0)"}) {
    CAPTURE(part);
    CHECK(text.find(part) != std::string::npos);
  }
  CHECK(world.explain({}).find(R"("primary":null)") != std::string::npos);
  CHECK(world.explain({.product = "loan"}).find(R"("mismatch":"product")") != std::string::npos);
}
