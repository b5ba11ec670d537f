#include "core/eligibility/eligibility.h"

#include <algorithm>
#include <random>

#include "tests/core/expr/world.h"

namespace guardrank::testing {
namespace {

struct Rules : World {
  std::vector<Rule> rules;
  Policy policy;
  EligibilityPlan plan;
  ExclusionList exclusions{&session};

  void rule(std::string_view id, std::string_view expr, std::string_view when = {},
            std::int64_t from = always_from, std::int64_t to = always_to) {
    Rule made;
    made.id = id;
    made.expr = expr;
    made.when = when;
    made.from = from;
    made.to = to;
    rules.push_back(made);
  }
  Status prepare() {
    policy.rules = rules;
    return prepare_eligibility(policy, facts, &arena, &plan, &error);
  }
  void run() {
    REQUIRE_MESSAGE(prepare() == Status::ok, error.message());
    open();
    exclusions = ExclusionList(&session);
    REQUIRE(apply_eligibility(plan, &frame, &exclusions) == Status::ok);
  }
  std::vector<std::uint32_t> kept() const {
    return {frame.rows().begin(), frame.rows().end()};
  }
  // "min_age:false income:unknown(offer.x)" of a candidate; empty when it was not excluded.
  std::string why(std::uint32_t candidate) const {
    std::string text;
    for (const Exclusion& exclusion : exclusions.exclusions()) {
      if (exclusion.candidate != candidate) continue;
      CHECK(exclusion.stage == ExclusionStage::eligibility);
      for (const Reason& reason : exclusions.reasons(exclusion)) {
        text += text.empty() ? "" : " ";
        text += reason.kind == ReasonKind::rule   ? std::string(rules[reason.index].id)
                : reason.kind == ReasonKind::fact ? "fact " + std::string(facts[reason.index].name)
                                                  : "validity";
        text += ":" + std::string(reason_value_name(reason.value));
        if (reason.missing_fact != no_fact)
          text += "(" + std::string(facts[reason.missing_fact].name) + ")";
      }
    }
    return text;
  }
};

using Rows = std::vector<std::uint32_t>;

TEST_CASE("all failing and unknown rules are recorded, and only eligible rows stay") {
  Rules world;
  world.ctx("age", FactType::i64);
  world.ctx("zero", FactType::i64);
  world.offer("min_age", FactType::i64);
  world.offer("max_age", FactType::i64);
  world.candidates(4);
  world.set_ctx("age", std::int64_t{20});
  world.set_ctx("zero", std::int64_t{0});
  const std::int64_t min_age[] = {18, 21, 21, 0};
  for (std::uint32_t i = 0; i < 3; ++i) world.set_offer(i, "min_age", min_age[i]);
  world.set_offer(0, "max_age", std::int64_t{65});
  world.set_offer(1, "max_age", std::int64_t{19});
  world.set_offer(3, "max_age", std::int64_t{65});
  world.rule("low", "ctx.age >= offer.min_age");
  world.rule("high", "ctx.age <= offer.max_age");
  world.run();
  CHECK(world.kept() == Rows{0});
  CHECK(world.why(0).empty());
  CHECK(world.why(1) == "low:false high:false");
  CHECK(world.why(2) == "low:false high:unknown(max_age)");
  CHECK(world.why(3) == "low:unknown(min_age)");
  world.rule("odd", "1 / ctx.zero == 1");
  world.run();
  CHECK(world.kept().empty());
  CHECK(world.why(0) == "odd:error");
  const Exclusion& first = world.exclusions.exclusions()[0];
  CHECK(world.exclusions.reasons(first)[0].problem ==
        static_cast<std::uint8_t>(EvalProblem::division_by_zero));
  CHECK(world.why(1) == "low:false high:false odd:error");
}

TEST_CASE("a fact that may not be missing removes those who lack it, whatever the rules say") {
  Rules world;
  world.facts.at(world.ctx("age", FactType::i64)).may_be_missing = false;
  world.ctx("income", FactType::f64);
  world.facts.at(world.offer("min_age", FactType::i64)).may_be_missing = false;
  world.candidates(2);
  world.set_offer(0, "min_age", std::int64_t{18});
  world.rule("always", "has(ctx.age) || true");
  world.run();
  CHECK(world.kept().empty());
  CHECK(world.why(0) == "fact age:unknown(age)");
  CHECK(world.why(1) == "fact age:unknown(age) fact min_age:unknown(min_age)");
  world.set_ctx("age", std::int64_t{20});
  world.run();
  CHECK(world.kept() == Rows{0});
  CHECK(world.why(1) == "fact min_age:unknown(min_age)");
}

TEST_CASE("when: false does not apply, unknown is not eligible") {
  Rules world;
  world.ctx("state", FactType::string);
  world.offer("region", FactType::string);
  world.candidates(3);
  world.set_ctx("state", std::string_view{"CA"});
  world.set_offer(0, "region", std::string_view{"west"});
  world.set_offer(1, "region", std::string_view{"east"});
  world.rule("never", "false", "ctx.state == 'NY'");
  world.rule("east", "false", "offer.region == 'east'");
  world.run();
  CHECK(world.kept() == Rows{0});
  CHECK(world.why(1) == "east:false");
  CHECK(world.why(2) == "east:unknown(region)");
}

TEST_CASE("rules are in force from their start until before their end") {
  for (const std::int64_t now : {99, 100, 199, 200}) {
    Rules world;
    world.candidates(1);
    world.request().set_time(now);
    world.rule("timed", "false", {}, 100, 200);
    world.run();
    CAPTURE(now);
    CHECK(world.kept().empty() == (now >= 100 && now < 200));
  }
}

TEST_CASE("an offer is valid from its start until before its end; unlisted ones always") {
  Rules world;
  const std::string_view ids[] = {"a", "b", "c"};
  const std::uint32_t order[] = {0, 1, 2};
  const std::int64_t from[] = {INT64_MIN, 100, 150}, to[] = {150, INT64_MAX, 151};
  world.catalog.n_offers = 3;
  world.catalog.ids = ids;
  world.catalog.order = order;
  world.catalog.rank = order;
  world.catalog.valid_from = from;
  world.catalog.valid_to = to;
  world.catalog.allows_unlisted = true;
  world.has_catalog = true;
  world.candidates({"c", "zz", "b", "a"});
  world.request().set_time(150);
  world.run();
  CHECK(world.kept() == Rows{0, 1, 2});
  CHECK(world.why(3) == "validity:false");
  world.request().set_time(99);
  world.run();
  CHECK(world.kept() == Rows{1, 3});
  world.request().set_time(151);
  world.rule("no", "false");
  world.run();
  CHECK(world.why(0) == "validity:false no:false");
  CHECK(world.why(2) == "no:false");
}

TEST_CASE("adding a rule never adds an offer") {
  std::mt19937_64 random(3);
  const std::string_view expressions[] = {
      "offer.x > 3",  "offer.x != ctx.y", "offer.y in [1, 2, 3]",     "has(offer.x)",
      "offer.x / offer.y == 1", "offer.x > 1 || offer.y > 1", "ctx.y > 2", "true"};
  for (int round = 0; round < 30; ++round) {
    Rules world;
    world.ctx("y", FactType::i64);
    world.offer("x", FactType::i64);
    world.offer("y", FactType::i64);
    world.candidates(40);
    if (random() % 2 == 0) world.set_ctx("y", static_cast<std::int64_t>(random() % 5));
    for (std::uint32_t i = 0; i < 40; ++i) {
      if (random() % 4 != 0) world.set_offer(i, "x", static_cast<std::int64_t>(random() % 6));
      if (random() % 4 != 0) world.set_offer(i, "y", static_cast<std::int64_t>(random() % 4));
    }
    Rows before(40);
    for (std::uint32_t i = 0; i < 40; ++i) before[i] = i;
    for (int i = 0; i < 5; ++i) {
      const std::string_view when = random() % 3 == 0 ? expressions[random() % 8] : "";
      world.rule("r", expressions[random() % 8], when);
      world.run();
      const Rows after = world.kept();
      CHECK(std::includes(before.begin(), before.end(), after.begin(), after.end()));
      CHECK(after.size() + world.exclusions.exclusions().size() == 40);
      before = after;
    }
  }
}

TEST_CASE("messages name the rule; rules cannot read what the model has not said yet") {
  Rules world;
  world.add(Namespace::probability, "approve", FactType::f64);
  world.rule("floor", "p.approve > 0.1");
  CHECK(world.prepare() == Status::name);
  CHECK(world.error.where() == "rules.floor");
  world.rules.clear();
  world.rule("floor", "true", "1");
  CHECK(world.prepare() == Status::typecheck);
  CHECK(world.error.where() == "rules.floor.when");
}

}  // namespace
}  // namespace guardrank::testing
