#include "core/decision/explanation.h"

#include "tests/core/decision/world.h"

using namespace guardrank;
using namespace guardrank::testing;

namespace {

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// Approval of 0.30 and of about 0.311: logits whose sigmoid that is. The bundle's head "approve"
// has an identity calibrator or another; what counts is what the decision says.
std::string request(int age, const std::string& offers) {
  return R"({"time": "2026-11-21T10:00:00Z", "context": {"age": )" + std::to_string(age) +
         R"(, "state": "CA", "income": 82000}, "candidates": [)" + offers + "]}";
}

double number_after(const std::string& text, const std::string& key, std::size_t from = 0) {
  const std::size_t at = text.find(key, from);
  REQUIRE(at != std::string::npos);
  return std::stod(text.substr(at + key.size()));
}

}  // namespace

TEST_CASE("a false threshold says which value would have passed") {
  World world("cards");
  const std::string text =
      world.json_of(world.rank_json(request(17, R"({"offer": "o-1"}, {"offer": "o-2"})")));
  CHECK(holds(text, R"("adverse_action":"Age","principal":1,)"
                    R"("change":{"fact":"ctx.age","from":17,"to":18})"));
  CHECK(holds(text, R"("change":{"fact":"ctx.age","from":17,"to":21})"));
}

TEST_CASE("no change for texts, unknown values and dates") {
  World world("cards");
  const std::string json = world.json_of(world.rank_json(
      R"({"time": "2026-11-21T10:00:00Z", "context": {"state": "TX"},
          "candidates": [{"offer": "o-1"}, {"offer": "o-4"}]})"));
  CHECK(holds(json, R"("rule":"state")"));
  CHECK(holds(json, R"("rule":"validity")"));
  CHECK(!holds(json, "\"change\""));
}

TEST_CASE("a guardrail's change is in what the model said, and flips it") {
  World world("cards");
  world.use_fixed_logits();
  world.logits.by_head["approve"] = {{"o-1", -2.0f}, {"o-2", 3.0f}};
  const Decision decision =
      world.rank_json(request(40, R"({"offer": "o-1"}, {"offer": "o-2"})"));
  REQUIRE(decision.excluded.size() == 1);
  REQUIRE(decision.ranked.size() == 1);
  Explanation explanation(&decision, &world.session.arena());
  const Exclusion& exclusion = decision.excluded[0];
  ThresholdChange change;
  REQUIRE(explanation.change_of(exclusion, decision.exclusions->reasons(exclusion)[0], &change) ==
          Status::ok);
  const Pipeline& pipeline = world.snapshot.pipeline();
  CHECK(pipeline.fact_names[change.fact] == "p.approve");
  CHECK(change.to.number == 0.30);
  CHECK(change.from.number < 0.30);
  CHECK(change.share == doctest::Approx((0.30 - change.from.number) / change.from.number));
  // The same number that the ranked row is far from.
  REQUIRE(explanation.change_of_guardrail(0, 0, &change) == Status::ok);
  CHECK(change.from.number == decision.heads[1].probability[0]);
  CHECK(change.to.number < 0.30);
  CHECK(change.to.number > 0.2999999);
  CHECK(explanation.change_of_guardrail(0, 9, &change) == Status::argument);
}

TEST_CASE("a guardrail is near its edge within a tenth, on either row of many") {
  World world("cards");
  world.use_fixed_logits();
  // Logits that the calibrator takes somewhere: sweep, and hold the text to the probability in it.
  int n_near = 0, n_far = 0;
  for (float logit = -2.0f; logit < 2.0f; logit += 0.02f) {
    world.logits.by_head["approve"] = {{"o-2", logit}, {"o-1", 5.0f}};
    const std::string text =
        world.json_of(world.rank_json(request(40, R"({"offer": "o-2"}, {"offer": "o-1"})")));
    const std::size_t ranked = text.find("\"offer\":\"o-2\"");
    const std::size_t excluded = text.find("\"excluded\"");
    if (ranked > excluded) continue;   // removed
    const std::size_t approve = text.find("\"approve\":", ranked);
    const double p = number_after(text, "\"probability\":", approve);
    const bool is_near = (p - 0.30) / p <= near_edge_share;
    const std::size_t end = text.find("\"position\"", ranked);
    const std::string own = text.substr(ranked, end == std::string::npos ? end : end - ranked);
    CAPTURE(own);
    CHECK(holds(own, R"("near_edge":[{"guardrail":"approve_floor","fact":"p.approve","from":)") ==
          is_near);
    ++(is_near ? n_near : n_far);
  }
  CHECK(n_near > 3);
  CHECK(n_far > 3);
}

TEST_CASE("principal reasons: false before unknown, each told once, four at most") {
  World world("cards");
  Decision decision = world.rank_json(request(40, R"({"offer": "o-1"})"));
  ExclusionList list(&world.session.arena());
  decision.exclusions = &list;
  // min_age tells "Age"; state, usury and closed_early their codes.
  REQUIRE(list.begin(0, ExclusionStage::eligibility) == Status::ok);
  const Reason reasons[] = {{ReasonKind::validity, ReasonValue::is_false, 0},
                            {ReasonKind::rule, ReasonValue::unknown, 0},
                            {ReasonKind::rule, ReasonValue::is_false, 2},
                            {ReasonKind::rule, ReasonValue::is_false, 2},
                            {ReasonKind::rule, ReasonValue::error, 1},
                            {ReasonKind::rule, ReasonValue::is_false, 3}};
  for (const Reason& reason : reasons) REQUIRE(list.add(reason) == Status::ok);
  const PrincipalReasons principal = principal_reasons(decision, list.exclusions()[0]);
  CHECK(principal.count == 4);
  CHECK(principal.rank_of(0) == 1);
  CHECK(principal.rank_of(2) == 2);
  CHECK(principal.rank_of(5) == 3);
  CHECK(principal.rank_of(1) == 4);
  CHECK(principal.rank_of(3) == 0);   // tells what the one before tells
  CHECK(principal.rank_of(4) == 0);   // a fifth
}

TEST_CASE("the brief form and the ranking know nothing of it") {
  World world("cards");
  std::string brief = request(17, R"({"offer": "o-1"})");
  brief.insert(1, R"("explain": false, )");
  const std::string text = world.json_of(world.rank_json(brief));
  CHECK(!holds(text, "\"change\""));
  CHECK(!holds(text, "\"principal\""));
}
