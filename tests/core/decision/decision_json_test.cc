#include "core/decision/reason_text.h"
#include "tests/core/decision/world.h"

using namespace guardrank;
using namespace guardrank::testing;

namespace {

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

const std::string finance =
    R"({"request_id": "r-1", "time": "2026-11-21T10:00:00Z", "context": {"state": "CA"},
        "candidates": [{"offer": "o-1"}], "explain": )";

}  // namespace

TEST_CASE("a rule that is unknown names the missing fact, its texts only when explained") {
  World world("cards");
  const std::string full = world.json_of(world.rank_json(finance + "true}"));
  CHECK(holds(full, R"("request_id":"r-1")"));
  CHECK(holds(full, R"({"rule":"min_age","code":"AGE","text":"Too young","value":"unknown",)"
                    R"("missing":"ctx.age","adverse_action":"Age","principal":1})"));
  const std::string brief = world.json_of(world.rank_json(finance + "false}"));
  CHECK(holds(brief, R"({"rule":"min_age","code":"AGE","value":"unknown","missing":"ctx.age"})"));
}

TEST_CASE("heads and terms are left out unless explained; ids and record are as stated") {
  World world("cards");
  std::string json = finance;
  json.replace(json.find(R"({"state": "CA"})"), 15, R"({"state": "CA", "age": 40, "income": 82000})");
  const Decision brief = world.rank_json(json + "false}");
  const std::string text = world.json_of(brief, Bytes(reinterpret_cast<const std::uint8_t*>("Man"), 3));
  CHECK(!holds(text, "\"heads\""));
  CHECK(!holds(text, "\"terms\""));
  CHECK(holds(text, R"("position":1,"offer":"o-1","score_micros":)"));
  CHECK(holds(text, R"("propensity":1})"));
  CHECK(holds(text, R"("record":"TWFu"})"));
  const DigestText model = digest_text(world.snapshot.pipeline().model->container.id);
  CHECK(holds(text, "\"model\":\"" + std::string(model.data(), model.size()) + "\""));
  const std::string full = world.json_of(world.rank_json(json + "true}"));
  CHECK(holds(full, R"("heads":{"click":{"logit":)"));
  CHECK(holds(full, R"("balance":{"logit":)"));
  CHECK(holds(full, R"(,"value":)"));
  CHECK(holds(full, R"("terms":[{"id":"revenue","micros":)"));
}

TEST_CASE("every kind of reason has words") {
  World world("cards");
  const Pipeline& p = world.snapshot.pipeline();
  CHECK(describe(p, {ReasonKind::validity, ReasonValue::is_false, 0}).code == "NOT_VALID");
  const ReasonText term = describe(p, {ReasonKind::term, ReasonValue::overflow, 2});
  CHECK(term.rule == "rejection_risk");
  CHECK(term.code == "TERM_UNKNOWN");
  CHECK(term.value == "overflow");
  const ReasonText head = describe(p, {ReasonKind::probability, ReasonValue::not_finite, 1});
  CHECK(head.rule == "approve");
  CHECK(head.code == "PROBABILITY_UNKNOWN");
  CHECK(describe(p, {ReasonKind::guardrail, ReasonValue::is_false, 0}).rule == "approve_floor");
  CHECK(describe(p, {ReasonKind::rule, ReasonValue::is_false, 999}).rule.empty());
  const std::uint32_t age = p.facts->find(Namespace::context, "age");
  const ReasonText fact = describe(p, {ReasonKind::fact, ReasonValue::unknown, age, age});
  CHECK(fact.rule == "ctx.age");
  CHECK(fact.code == "FACT_MISSING");
  CHECK(fact.value == "unknown");
  CHECK(fact.missing == "ctx.age");
  Reason failed{ReasonKind::rule, ReasonValue::error, 0};
  CHECK(describe(p, failed).problem.empty());
  failed.problem = static_cast<std::uint8_t>(EvalProblem::limit);
  CHECK(describe(p, failed).problem == "over the limit of steps or size");
}

TEST_CASE("a missing fact with texts of its own is not told as a failed standard") {
  World world("cards");
  FactTable facts = *world.snapshot.pipeline().facts;   // of the same memory
  Fact& age = facts.at(facts.find(Namespace::context, "age"));
  age.reason_text = "Age was not stated";
  age.adverse_action = "Unable to verify age";
  const std::string bare = world.json_of(world.rank_json(finance + "true}"));
  CHECK(holds(bare, R"({"rule":"min_age","code":"FACT_MISSING","text":"Age was not stated",)"
                    R"("value":"unknown","missing":"ctx.age",)"
                    R"("adverse_action":"Unable to verify age","principal":1})"));
  age.reason_code = "NO_AGE";
  age.adverse_action = {};
  const std::string coded = world.json_of(world.rank_json(finance + "true}"));
  CHECK(holds(coded, R"("code":"NO_AGE","text":"Age was not stated","value":"unknown",)"
                     R"("missing":"ctx.age","principal":1})"));
  // Who is too young still fails the rule.
  std::string young = finance;
  young.replace(young.find(R"("CA")"), 4, R"("CA", "age": 3)");
  CHECK(holds(world.json_of(world.rank_json(young + "true}")),
              R"("code":"AGE","text":"Too young","value":"false","adverse_action":"Age")"));
}
