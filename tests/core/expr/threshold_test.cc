// The nearest change that makes a rule change its mind, worked out by hand, and held against the
// evaluator by putting the change in.
#include "core/expr/threshold.h"

#include <cmath>
#include <random>

#include "tests/core/expr/world.h"

namespace guardrank::testing {
namespace {

// Facts of an applicant and of one offer, as many as a rule here reads.
struct Applicant {
  std::int64_t age = 17, score = 640, min_age = 18;
  double income = 30000, debt = 1000, payment = 250, min_income = 40000;

  void fill(World* world) const {
    world->ctx("age", FactType::i64);
    world->ctx("score", FactType::i64);
    world->ctx("income", FactType::f64);
    world->ctx("debt", FactType::f64);
    world->ctx("gone", FactType::f64);
    world->ctx("state", FactType::string);
    world->offer("min_age", FactType::i64);
    world->offer("min_income", FactType::f64);
    world->offer("payment", FactType::f64);
    world->candidates(1);
    world->set_ctx("age", age);
    world->set_ctx("score", score);
    world->set_ctx("income", income);
    world->set_ctx("debt", debt);
    world->set_ctx("state", std::string_view{"CA"});
    world->set_offer(0, "min_age", min_age);
    world->set_offer(0, "min_income", min_income);
    world->set_offer(0, "payment", payment);
    world->open();
  }
};

ThresholdChange nearest(World* world, std::string_view source) {
  Program program;
  REQUIRE_MESSAGE(world->compile(source, ExprType::boolean, &program) == Status::ok,
                  world->error.message());
  Thresholds thresholds;
  REQUIRE(find_thresholds(source, world->facts, facts_and_outcomes, &world->session,
                          &thresholds) == Status::ok);
  ThresholdColumns columns;
  REQUIRE(columns.open(thresholds, &world->frame) == Status::ok);
  return columns.nearest(0);
}

// "ctx.age 17 -> 18", or "none".
std::string shown(const World& world, const ThresholdChange& change) {
  if (change.fact == no_fact) return "none";
  const Fact& fact = world.facts[change.fact];
  return std::string(namespace_name(fact.space)) + "." + std::string(fact.name) + " " +
         value_text(change.from) + " -> " + value_text(change.to);
}
std::string change_of(std::string_view source, const Applicant& applicant = {}) {
  World world;
  applicant.fill(&world);
  return shown(world, nearest(&world, source));
}

TEST_CASE("one comparison names the bound, or the first value beyond it") {
  CHECK(change_of("ctx.age >= 18") == "ctx.age 17 -> 18");
  CHECK(change_of("ctx.age > 18") == "ctx.age 17 -> 19");
  CHECK(change_of("18 <= ctx.age") == "ctx.age 17 -> 18");
  CHECK(change_of("ctx.age >= 17.5") == "ctx.age 17 -> 18");
  CHECK(change_of("ctx.age == 21") == "ctx.age 17 -> 21");
  CHECK(change_of("ctx.age != 17") == "ctx.age 17 -> 16");
  CHECK(change_of("ctx.income >= 40000.0") == "ctx.income 30000 -> 40000");
  // 40000 + 2^-37, the next double: 40000 lies between 2^15 and 2^16.
  CHECK(change_of("ctx.income > 40000.0") == "ctx.income 30000 -> 40000.000000000007");
}

TEST_CASE("whole numbers through + - *, least and greatest, and the other way round") {
  CHECK(change_of("ctx.age * 3 >= 60") == "ctx.age 17 -> 20");
  CHECK(change_of("ctx.age * 3 >= 61") == "ctx.age 17 -> 21");
  CHECK(change_of("ctx.age * 3 > 60") == "ctx.age 17 -> 21");
  CHECK(change_of("-3 * ctx.age <= -61") == "ctx.age 17 -> 21");
  CHECK(change_of("ctx.age - 18 >= 0") == "ctx.age 17 -> 18");
  CHECK(change_of("40 - ctx.age > 30") == "ctx.age 17 -> 9");
  CHECK(change_of("(ctx.age * 3 + 1) * 2 >= 125") == "ctx.age 17 -> 21");   // 62 * 2 falls short
  CHECK(change_of("(ctx.age * 7 - 5) * 11 < 1000") == "ctx.age 17 -> 13");  // 86 * 11 is below
  CHECK(change_of("double(ctx.age * 2) >= 40.5") == "ctx.age 17 -> 21");
  CHECK(change_of("ctx.age * 2 >= 40.5") == "ctx.age 17 -> 21");
  CHECK(change_of("ctx.age * 0 >= 1") == "none");
  CHECK(change_of("ctx.age * 9223372036854775807 > 5") == "none");          // an overflow
  CHECK(change_of("ctx.age / 3 >= 6") == "none");                           // a quotient of ints
  CHECK(change_of("least(ctx.income, 100000.0) >= 50000.0") == "ctx.income 30000 -> 50000");
  CHECK(change_of("least(50000.0, ctx.income) < 20000.0").substr(0, 18) == "ctx.income 30000 -");
  CHECK(change_of("least(ctx.income, 40000.0) >= 50000.0") == "none");
  CHECK(change_of("greatest(ctx.age, 3) >= 20") == "ctx.age 17 -> 20");
}

TEST_CASE("times and their differences") {
  constexpr std::int64_t day = 86'400'000'000, now = 1'767'225'600'000'000;   // 2026-01-01
  const auto at = [&](std::string_view source, std::int64_t joined) {
    World world;
    world.ctx("joined", FactType::timestamp);
    world.add(Namespace::time, "now", FactType::timestamp);
    world.candidates(1);
    Value time = Value::of(joined);
    time.type = FactType::timestamp;
    REQUIRE(world.request().set_context(0, time, &world.error) == Status::ok);
    world.request().set_time(now);
    world.open();
    const ThresholdChange change = nearest(&world, source);
    if (change.fact != no_fact) CHECK(change.share == HUGE_VAL);
    return shown(world, change);
  };
  // Ten days ago, thirty are wanted: 2025-12-02 is 1764633600 s.
  CHECK(at("now - ctx.joined >= duration('720h')", now - 10 * day) ==
        "ctx.joined 1766361600s 0ns -> 1764633600s 0ns");
  CHECK(at("now - ctx.joined > duration('720h')", now - 10 * day) ==
        "ctx.joined 1766361600s 0ns -> 1764633599s 999999000ns");
  CHECK(at("ctx.joined + duration('720h') <= now", now - 10 * day) ==
        "ctx.joined 1766361600s 0ns -> 1764633600s 0ns");
  CHECK(at("ctx.joined < timestamp('2025-12-02T00:00:00Z')", now - 10 * day) ==
        "ctx.joined 1766361600s 0ns -> 1764633599s 999999000ns");
  // One that holds: ten days later would be twenty, which is too few.
  CHECK(at("now - ctx.joined >= duration('720h')", now - 30 * day) ==
        "ctx.joined 1764633600s 0ns -> 1764633600s 1000ns");
  // Half a micro cannot be met by a fact: the next whole one is.
  CHECK(at("now - ctx.joined >= duration('1500ns')", now) ==
        "ctx.joined 1767225600s 0ns -> 1767225599s 999998000ns");
  CHECK(at("ctx.joined.getHours() >= 5", now) == "none");
}

TEST_CASE("a rule that holds is as far from failing") {
  CHECK(change_of("ctx.age < 18") == "ctx.age 17 -> 18");
  CHECK(change_of("ctx.age <= 20") == "ctx.age 17 -> 21");
  CHECK(change_of("ctx.score >= 600") == "ctx.score 640 -> 599");
}

TEST_CASE("of two facts the applicant's own is named, of those the one with the smaller share") {
  CHECK(change_of("ctx.age >= offer.min_age + 0") == "ctx.age 17 -> 18");
  CHECK(change_of("offer.min_age <= ctx.age") == "ctx.age 17 -> 18");
  CHECK(change_of("ctx.gone > 1.0 || offer.min_age <= 17") == "none");
  CHECK(change_of("offer.min_age <= 17 || ctx.age > 90") == "ctx.age 17 -> 91");
  CHECK(change_of("offer.min_age <= 17") == "offer.min_age 18 -> 17");
  Applicant equal;
  equal.income = 50;
  equal.min_income = -50;
  CHECK(change_of("ctx.income <= offer.min_income", equal) == "ctx.income 50 -> -50");
  CHECK(change_of("ctx.age >= 18 || ctx.score >= 700") == "ctx.age 17 -> 18");     // 6% and 9%
  CHECK(change_of("ctx.age >= 30 || ctx.score >= 700") == "ctx.score 640 -> 700");
}

TEST_CASE("joined comparisons count together") {
  CHECK(change_of("ctx.score >= 650 && ctx.score <= 850") == "ctx.score 640 -> 650");
  CHECK(change_of("ctx.score >= 650 && ctx.score >= 700") == "ctx.score 640 -> 700");
  CHECK(change_of("ctx.score < 600 || ctx.score > 690") == "ctx.score 640 -> 599");
  CHECK(change_of("!(ctx.age < 18)") == "ctx.age 17 -> 18");
  CHECK(change_of("!(ctx.age < 18 || ctx.age > 70)") == "ctx.age 17 -> 18");
  CHECK(change_of("ctx.age >= 18 && ctx.state in ['CA', 'NY']") == "ctx.age 17 -> 18");
  CHECK(change_of("ctx.age >= 18 && has(ctx.age)") == "ctx.age 17 -> 18");
  CHECK(change_of("ctx.age >= 18 || ctx.gone > 1.0") == "none");    // unknown now: neither
}

TEST_CASE("arithmetic on the way is undone") {
  CHECK(change_of("ctx.debt / ctx.income <= 0.02") == "ctx.debt 1000 -> 600");
  CHECK(change_of("(ctx.debt + offer.payment) * 12.0 <= ctx.income * 0.48") ==
        "ctx.income 30000 -> 31250");   // 1250 * 12 / .48, 4% more; the debt would be 950, 5% less
  CHECK(change_of("double(ctx.age) / 2.0 >= 10.0") == "ctx.age 17 -> 20");
  // 15.5 rounds away the last bits of what is near 1: the 8 doubles below it still make -14.5.
  Applicant small;
  small.debt = 2.5;
  CHECK(change_of("ctx.debt - 15.5 < -14.5", small) == "ctx.debt 2.5 -> 0.999999999999999");
  CHECK(change_of("1.0 - ctx.debt / 2048.0 >= 0.75") == "ctx.debt 1000 -> 512.00000000000011");
}

TEST_CASE("no change leads through a divisor's zero; one that keeps its sign goes before one that does not") {
  Applicant other;
  other.income = -18.84;
  CHECK(change_of("1.0 / ctx.income > 0.5", other) == "none");   // 2 is no neighbour of -18.84
  CHECK(change_of("(0.0 - 1.0) / ctx.income > 0.5", other) == "ctx.income -18.84 -> -1.9999999999999998");
  other.income = 0;
  other.debt = 300;   // owed 50 less than nothing, or an income
  CHECK(change_of("(ctx.debt + 50.0) / ctx.income <= 0.43", other) == "ctx.income 0 -> 813.95348837209303");
  other.income = 18.84;
  CHECK(change_of("1.0 / ctx.income > 0.5", other) == "ctx.income 18.84 -> 1.9999999999999998");
  CHECK(change_of("1.0 / ctx.income < 0.0 || ctx.debt <= -1.0", other) == "ctx.debt 300 -> -1");
}

TEST_CASE("nothing is named where no one number decides") {
  CHECK(change_of("ctx.age >= 18 && ctx.score >= 700") == "none");        // takes two
  CHECK(change_of("ctx.state == 'NY'") == "none");
  CHECK(change_of("ctx.age >= 18 && ctx.state == 'NY'") == "none");
  CHECK(change_of("ctx.age > 9223372036854775807") == "none");
  CHECK(change_of("ctx.age >= 18 && ctx.age in [18, 19]") == "none");     // read elsewhere too
  CHECK(change_of("ctx.debt * ctx.debt >= 4000000.0") == "none");         // twice in one place
  CHECK(change_of("[1, 2].exists(x, ctx.age + x > 30)") == "none");
  CHECK(change_of("ctx.gone >= 1.0") == "none");
  CHECK(change_of("ctx.income >= 1.0 / 0.0") == "none");
  CHECK(change_of("ctx.age > 18 ? true : false") == "none");
}

TEST_CASE("macros and texts beside a threshold stay what they are") {
  CHECK(change_of("ctx.age >= 18 && [1, 2, 3].exists(x, x == 2)") == "ctx.age 17 -> 18");
  CHECK(change_of("ctx.age >= 18 && [ctx.score].all(x, x > 600)") == "ctx.age 17 -> 18");
  CHECK(change_of("ctx.age >= [18, 21].map(x, x + 1).size() + 17") == "ctx.age 17 -> 19");
}

TEST_CASE("an expression with more parts than are looked at gives none") {
  std::string flat = "ctx.age >= 18";
  for (int i = 0; i < 80; ++i) flat += " && ctx.score > " + std::to_string(i);
  CHECK(change_of(flat) == "none");
}

// Rules drawn over three numbers; the change found is put in and must flip the rule, and nothing
// nearer for that fact may.
struct Draw {
  std::mt19937_64 random{20261122};
  int below(int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); }
  std::string number_text() { return std::to_string(below(41) - 20) + ".5"; }
  std::string side() {
    static const char* const facts[] = {"ctx.income", "ctx.debt", "offer.payment"};
    std::string text = facts[below(3)];
    if (below(3) == 0) text = "(" + text + " + " + number_text() + ")";
    if (below(3) == 0) text = text + " * " + std::to_string(below(4) + 1) + ".0";
    return text;
  }
  std::string rule(int depth) {
    static const char* const comparisons[] = {" < ", " <= ", " > ", " >= ", " == ", " != "};
    // One draw after another, so that every compiler draws the same.
    if (depth == 0 || below(3) == 0) {
      std::string text = side();
      text += comparisons[below(6)];
      return text + (below(4) == 0 ? side() : number_text());
    }
    if (below(5) == 0) return "!(" + rule(depth - 1) + ")";
    std::string text = "(" + rule(depth - 1);
    text += below(2) == 0 ? " && " : " || ";
    return text + rule(depth - 1) + ")";
  }
  Applicant applicant() {
    Applicant made;
    made.income = below(81) / 2.0 - 20;
    made.debt = below(81) / 2.0 - 20;
    made.payment = below(81) / 2.0 - 20;
    return made;
  }
};

double* member(Applicant* applicant, std::string_view name) {
  return name == "income" ? &applicant->income
         : name == "debt" ? &applicant->debt
                          : &applicant->payment;
}

bool holds(const Applicant& applicant, const std::string& rule) {
  World world;
  applicant.fill(&world);
  return world.eval(rule) == "true";
}

TEST_CASE("the change flips the rule and nothing nearer does") {
  Draw draw;
  int n_changes = 0;
  for (int i = 0; i < 6000; ++i) {
    const std::string rule = draw.rule(2);
    const Applicant before = draw.applicant();
    World world;
    before.fill(&world);
    const ThresholdChange change = nearest(&world, rule);
    if (change.fact == no_fact) continue;
    ++n_changes;
    const std::string_view name = world.facts[change.fact].name;
    CAPTURE(rule);
    CAPTURE(shown(world, change));
    Applicant after = before;
    *member(&after, name) = change.to.number;
    CHECK(holds(before, rule) != holds(after, rule));
    const double way = change.to.number - change.from.number;
    if (std::abs(way) < 1e-9) continue;   // the next double: nothing lies between
    for (const double share : {0.25, 0.5, 0.9, 0.999}) {
      *member(&after, name) = change.from.number + share * way;
      CHECK(holds(before, rule) == holds(after, rule));
      *member(&after, name) = change.from.number - share * way;
      CHECK(holds(before, rule) == holds(after, rule));
    }
  }
  CHECK(n_changes > 3000);
}

}  // namespace
}  // namespace guardrank::testing
