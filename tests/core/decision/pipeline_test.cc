// The whole pipeline on the conformance bundle "cards", with logits set by hand. What the numbers
// must be is worked out in the comments from tests/conformance/sources/cards.
#include <cmath>
#include <limits>

#include "tests/core/decision/world.h"

using namespace guardrank;
using namespace guardrank::testing;

namespace {

const std::string head = R"({"time": "2026-11-21T10:00:00Z", "explain": true, "context": )";

std::string request(const std::string& offers, const std::string& more = "") {
  return head + R"({"age": 34, "state": "CA"}, "candidates": [)" + offers + "]" + more + "}";
}

double sigmoid_of(double z) { return 1 / (1 + std::exp(-z)); }

}  // namespace

TEST_CASE("probabilities, reach, terms and score are those worked out by hand") {
  World world("cards");
  world.use_fixed_logits();
  world.logits.by_head["click"]["o-1"] = 2.0f;
  world.logits.by_head["approve"]["o-1"] = 1.0f;
  world.logits.by_head["balance"]["o-1"] = 6.0f;
  const Decision d = world.rank_json(request(R"({"offer": "o-1"})"));
  REQUIRE(d.ranked.size() == 1);
  // corrected = z + ln 0.1 - ln 2; platt 1.25 z + 0.5. approve: temperature 2.
  const double corrected = 2.0 + std::log(0.1) - std::log(2.0);
  const double click = sigmoid_of(1.25 * corrected + 0.5);
  const double approve = sigmoid_of(1.0 / 2.0);
  const double balance = std::exp(6.0 + 0.5 * 0.5 / 2) * 1.1;
  CHECK(d.heads[0].corrected[0] == doctest::Approx(corrected).epsilon(1e-14));
  CHECK(d.heads[0].probability[0] == doctest::Approx(click).epsilon(1e-14));
  CHECK(d.heads[1].probability[0] == doctest::Approx(approve).epsilon(1e-14));
  CHECK(d.heads[1].reach[0] == doctest::Approx(click * approve).epsilon(1e-14));
  CHECK(d.heads[2].probability[0] == doctest::Approx(balance).epsilon(1e-14));
  // cpa 120; one per cent of the balance; two dollars of rejection cost.
  const std::int64_t revenue = std::llround(120 * click * approve * 1e6);
  const std::int64_t interest = std::llround(0.01 * balance * click * approve * 1e6);
  const std::int64_t risk = -std::llround(click * (1 - approve) * 2 * 1e6);
  CHECK(d.scores.terms[0][0] == revenue);
  CHECK(d.scores.terms[1][0] == interest);
  CHECK(d.scores.terms[2][0] == risk);
  CHECK(d.scores.score[0] == revenue + interest + risk);
}

TEST_CASE("equal scores stand in the order of offer ids, whatever the order of the request") {
  World world("cards");
  world.use_fixed_logits();
  // o-1 and o-6 have the same contract and, here, the same logits.
  for (const char* order : {R"({"offer": "o-6"}, {"offer": "o-1"})",
                            R"({"offer": "o-1"}, {"offer": "o-6"})"}) {
    const Decision d = world.rank_json(request(order));
    REQUIRE(d.ranked.size() == 2);
    CHECK(d.scores.score[0] == d.scores.score[1]);
    CHECK(offer_at(d, 0) == "o-1");
    CHECK(offer_at(d, 1) == "o-6");
  }
}

TEST_CASE("outcomes stay with their candidates when each stage removes some") {
  World world("cards");
  world.use_fixed_logits();
  const float nan = std::numeric_limits<float>::quiet_NaN();
  // o-4 is out of its dates; o-2's logit is not a number; o-7 has no contract; o-5 fails the floor
  // on approval: sigmoid(-4 / 2) = 0.119 < 0.30. o-1, o-3 and o-6 remain.
  world.logits.by_head["click"] = {{"o-1", 1.0f}, {"o-2", nan}, {"o-3", 3.0f}, {"o-6", 2.0f}};
  world.logits.by_head["approve"] = {{"o-5", -4.0f}};
  const Decision d = world.rank_json(head + R"({"age": 34, "state": "CA"}})");
  CHECK(d.stages.candidates == 7);
  CHECK(d.stages.eligible == 6);
  CHECK(d.stages.scored == 6);
  CHECK(d.stages.removed == 3);
  REQUIRE(d.ranked.size() == 3);
  CHECK(offer_at(d, 0) == "o-3");
  CHECK(offer_at(d, 1) == "o-6");
  CHECK(offer_at(d, 2) == "o-1");
  const float clicks[] = {3.0f, 2.0f, 1.0f};
  for (std::size_t i = 0; i < 3; ++i) {
    const std::uint32_t row = d.ranked[i].row;
    CHECK(d.heads[0].logit[row] == clicks[i]);
    std::int64_t sum = 0;
    for (const auto& term : d.scores.terms) sum += term[row];
    CHECK(sum == d.scores.score[row]);
  }
  // By stage, then candidate, although the logit was found out before the contract.
  REQUIRE(d.excluded.size() == 4);
  const char* offers[] = {"o-4", "o-2", "o-7", "o-5"};
  const ExclusionStage stages[] = {ExclusionStage::eligibility, ExclusionStage::value,
                                   ExclusionStage::value, ExclusionStage::guardrail};
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(d.request->offer_id(d.excluded[i].candidate) == offers[i]);
    CHECK(d.excluded[i].stage == stages[i]);
  }
}

TEST_CASE("no candidates, and none that is eligible, are decisions too") {
  World world("cards");
  const Decision none = world.rank_json(request(""));
  CHECK(none.stages.candidates == 0);
  CHECK(none.ranked.empty());
  CHECK(none.excluded.empty());
  CHECK(world.json_of(none).find(R"("ranked":[],"excluded":[])") != std::string::npos);

  const Decision refused =
      world.rank_json(head + R"({"age": 10, "state": "CA"}, "candidates": [{"offer": "o-1"}]})");
  CHECK(refused.stages.eligible == 0);
  CHECK(refused.stages.removed == 0);
  CHECK(refused.ranked.empty());
  CHECK(refused.excluded.size() == 1);
}

TEST_CASE("a session warms up once and says when its memory is too small") {
  World world("cards");
  const std::string json = head + R"({"age": 34, "state": "CA"}})";
  for (int i = 0; i < 3; ++i) world.rank_json(json);
  Decision decision;
  const std::size_t warm = world.memory.n_allocations;
  for (int i = 0; i < 10; ++i) {
    REQUIRE(rank(world.snapshot.pipeline(), *world.request.back(), &world.session, &decision,
                 &world.error) == Status::ok);
  }
  CHECK(world.memory.n_allocations == warm);

  Session small(world.memory.allocator(), 64);
  CHECK(rank(world.snapshot.pipeline(), *world.request.back(), &small, &decision, &world.error) ==
        Status::memory);
  CHECK(world.error.message().find("memory") != std::string_view::npos);
}
