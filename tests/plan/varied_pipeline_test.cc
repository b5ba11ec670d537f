#include "models/plan/varied_pipeline.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <sstream>

#include <nlohmann/json.hpp>

#include "tests/plan/reference_bundle.h"

namespace guardrank::plan {
namespace {

using Json = nlohmann::ordered_json;
// A bundle, with what the catalog alone decides kept or not, and the reference cards' requests.
class Cards {
 public:
  explicit Cards(const KeptBudget& kept, const char* bundle = "models/reference/cards.guardrank")
      : bundle_(bundle, kept) {
    std::istringstream lines(read_source("models/reference/cards/requests.jsonl"));
    for (std::string line; std::getline(lines, line);) requests.push_back(Json::parse(line));
    REQUIRE(requests.size() > 2);
  }

  const Pipeline& pipeline() const { return bundle_.pipeline(); }
  std::uint32_t fact(Namespace space, const char* name) const {
    return pipeline().facts->find(space, name);
  }

  std::vector<Json> requests;

 private:
  ReferenceBundle bundle_;
};

// All that one request is told.
struct Told {
  std::vector<std::string> offers;
  std::vector<std::int64_t> scores;
  std::vector<double> probabilities;
  std::uint32_t eligible = 0;

  bool operator==(const Told&) const = default;
};

Told ask(const Pipeline& pipeline, const Json& json) {
  Request request(*pipeline.facts, pipeline.catalog, pack::system_allocator());
  Session session(pack::system_allocator(), SIZE_MAX);
  Error error;
  Decision decision;
  REQUIRE(read_request_json(json.dump(), &request, &error) == Status::ok);
  REQUIRE(rank(pipeline, request, &session, &decision, &error) == Status::ok);
  Told told;
  told.eligible = decision.stages.eligible;
  for (const Placed& placed : decision.ranked) {
    told.offers.emplace_back(request.offer_id(decision.candidates[placed.row]));
    told.scores.push_back(decision.scores.score[placed.row]);
    for (const HeadOutcome& head : decision.heads)
      told.probabilities.push_back(head.probability[placed.row]);
  }
  return told;
}

std::vector<Told> ask_all(const Pipeline& pipeline, const std::vector<Json>& requests) {
  std::vector<Told> told;
  for (const Json& request : requests) told.push_back(ask(pipeline, request));
  return told;
}

std::vector<Json> without(std::vector<Json> requests, const char* fact) {
  for (Json& request : requests) request["context"].erase(fact);
  return requests;
}

constexpr KeptBudget nothing_kept{}, all_kept{1u << 20, 1u << 24};

}  // namespace

TEST_CASE("what is withheld is to the model as if the request had not given it") {
  // No rule, guardrail or term reads these; a field crosses credit_band with the offer's category.
  const Cards cards(all_kept);
  VariedPipeline varied(cards.pipeline());
  const std::vector<Told> own = ask_all(cards.pipeline(), cards.requests);
  for (const char* name : {"credit_band", "utilization", "inquiries", "has_card", "interests"}) {
    CAPTURE(name);
    const std::uint32_t fact = cards.fact(Namespace::context, name);
    varied.withhold(std::span(&fact, 1));
    const std::vector<Told> told = ask_all(varied.pipeline(), cards.requests);
    CHECK(told != own);
    CHECK(told == ask_all(cards.pipeline(), without(cards.requests, name)));
  }
  varied.reset();
  CHECK(ask_all(varied.pipeline(), cards.requests) == own);
}

TEST_CASE("rules read what is withheld from the model") {
  const Cards cards(nothing_kept);
  VariedPipeline varied(cards.pipeline());
  const std::uint32_t facts[] = {cards.fact(Namespace::context, "age"),
                                 cards.fact(Namespace::candidate, "min_band")};
  varied.withhold(facts);
  bool differs = false;
  for (const Json& request : cards.requests) {
    const Told own = ask(cards.pipeline(), request), told = ask(varied.pipeline(), request);
    CHECK(told.eligible == own.eligible);
    differs |= told.probabilities != own.probabilities;
    CHECK(ask(cards.pipeline(), without({request}, "age")[0]).eligible == 0);
  }
  CHECK(differs);
}

TEST_CASE("what is kept of the catalog does not tell what is withheld") {
  const Cards kept(all_kept), plain(nothing_kept);
  VariedPipeline from_kept(kept.pipeline()), from_plain(plain.pipeline());
  const std::vector<Told> own = ask_all(kept.pipeline(), kept.requests);
  for (const char* name : {"annual_fee", "category", "tags", "offer_id"}) {
    CAPTURE(name);
    const std::uint32_t fact = kept.fact(Namespace::candidate, name);
    from_kept.withhold(std::span(&fact, 1));
    from_plain.withhold(std::span(&fact, 1));
    const std::vector<Told> told = ask_all(from_kept.pipeline(), kept.requests);
    CHECK(told != own);
    CHECK(told == ask_all(from_plain.pipeline(), kept.requests));
  }
}

TEST_CASE("a calibrator's segment can be withheld, from the route too") {
  // Its click head has a calibrator of its own for the segment "prime"; no field reads it.
  const Cards cards(nothing_kept, "tests/conformance/bundles/cards.guardrank");
  const std::uint32_t fact = cards.fact(Namespace::context, "segment");
  REQUIRE(fact != no_fact);
  VariedPipeline varied(cards.pipeline());
  varied.withhold(std::span(&fact, 1));
  Json prime = Json::parse(R"({"time": "2026-03-21T10:00:00Z",
      "context": {"age": 40, "state": "CA", "income": 82000}})");
  const Told plain = ask(cards.pipeline(), prime);
  REQUIRE(!plain.offers.empty());
  prime["route"]["segment"] = "prime";
  CHECK(ask(cards.pipeline(), prime) != plain);
  CHECK(ask(varied.pipeline(), prime) == plain);
  prime.erase("route");
  prime["context"]["segment"] = "prime";
  CHECK(ask(cards.pipeline(), prime) != plain);
  CHECK(ask(varied.pipeline(), prime) == plain);
}

TEST_CASE("the facts of a model are those that its fields read, once each") {
  const Cards cards(nothing_kept);
  const VariedPipeline varied(cards.pipeline());
  const std::vector<std::uint32_t>& facts = varied.model_facts();
  CHECK(std::adjacent_find(facts.begin(), facts.end(), std::greater_equal<>()) == facts.end());
  const auto has = [&](std::uint32_t fact) {
    return std::binary_search(facts.begin(), facts.end(), fact);
  };
  CHECK(has(cards.fact(Namespace::context, "credit_band")));
  CHECK(has(cards.fact(Namespace::candidate, "offer_id")));
  CHECK(has(cards.fact(Namespace::pair, "fatigue")));
  CHECK_FALSE(has(cards.fact(Namespace::context, "credit_rank")));   // of rules alone
  CHECK_FALSE(has(cards.fact(Namespace::candidate, "cpa")));
}

}  // namespace guardrank::plan
