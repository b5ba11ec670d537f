// Two stages through the whole pipeline, on the conformance bundle "stages": 13 offers, one shut,
// one mandated.
#include <algorithm>
#include <random>
#include <set>

#include "core/record/record.h"
#include "tests/core/decision/world.h"

using namespace guardrank;
using namespace guardrank::testing;

namespace {

struct Outcome {
  std::vector<std::string> ranked;
  std::map<std::string, std::int64_t> scores;
  std::set<std::string> eligible, cut;
  std::string json, record;
  StageCounts stages;
};

struct Stages : World {
  Stages() : World("stages"), pipeline(snapshot.pipeline()) {}

  Outcome run(const std::string& json) {
    Request asked(*pipeline.facts, pipeline.catalog, memory.allocator());
    REQUIRE_MESSAGE(read_request_json(json, &asked, &error) == Status::ok, error.message());
    Decision d;
    REQUIRE(rank(pipeline, asked, &session, &d, &error) == Status::ok);
    Outcome out;
    out.stages = d.stages;
    for (std::size_t i = 0; i < d.ranked.size(); ++i) {
      out.ranked.push_back(offer_at(d, i));
      out.scores[out.ranked.back()] = d.scores.score[d.ranked[i].row];
    }
    for (std::uint32_t i = 0; i < asked.n_candidates(); ++i)
      out.eligible.insert(std::string(asked.offer_id(i)));
    for (const Exclusion& exclusion : d.excluded) {
      const std::string offer(asked.offer_id(exclusion.candidate));
      if (exclusion.stage == ExclusionStage::eligibility) out.eligible.erase(offer);
      if (exclusion.stage == ExclusionStage::retrieval) out.cut.insert(offer);
    }
    out.json = json_of(d);
    Bytes bytes;
    REQUIRE(write_record(d, {}, &session.arena(), &bytes, &error) == Status::ok);
    out.record.assign(bytes.begin(), bytes.end());
    return out;
  }

  void set_budget(double budget) { pipeline.retrieval.figures.budget_us = budget; }

  Pipeline pipeline;
};

std::string request_with(std::mt19937* generator, const std::vector<int>& offers, int limit) {
  std::uniform_real_distribution<double> share(0, 1);
  std::string json = R"({"time": "2026-11-21T10:00:00Z", "limit": )" + std::to_string(limit) +
                     R"(, "context": {"young": )" + std::to_string(share(*generator)) +
                     R"(, "rich": )" + std::to_string(share(*generator)) + R"(}, "candidates": [)";
  for (std::size_t i = 0; i < offers.size(); ++i)
    json += std::string(i == 0 ? "" : ", ") + R"({"offer": "s-)" +
            (offers[i] < 10 ? "0" : "") + std::to_string(offers[i]) + "\"}";
  return json + "]}";
}

std::vector<int> shuffled(std::mt19937* generator) {
  std::vector<int> offers;
  for (int i = 1; i <= 13; ++i) offers.push_back(i);
  std::shuffle(offers.begin(), offers.end(), *generator);
  return offers;
}

}  // namespace

TEST_CASE("stage one resurrects nothing, keeps the mandated, and changes no score") {
  Stages world;
  std::mt19937 generator(3);
  for (int round = 0; round < 100; ++round) {
    std::vector<int> offers = shuffled(&generator);
    offers.resize(2 + generator() % 12);
    const std::string json = request_with(&generator, offers, 1 + round % 5);
    world.set_budget(1e6);
    const Outcome whole = world.run(request_with(&generator, offers, 13));
    const Outcome all = world.run(json);
    CHECK_FALSE(all.stages.is_two_stage);
    CHECK(all.cut.empty());
    world.set_budget(5);     // 5 - 1 - n / 4: two of eight, one of twelve
    const Outcome kept = world.run(json);
    CHECK(kept.eligible == all.eligible);
    CHECK(kept.stages.retrieved == all.eligible.size() - kept.cut.size());
    CHECK(kept.cut.count("s-12") == 0);
    CHECK(kept.cut.count("s-13") == 0);   // shut: excluded once, by its rule
    for (const std::string& offer : kept.ranked) {
      CHECK(kept.eligible.count(offer) == 1);
      CHECK(kept.cut.count(offer) == 0);
    }
    // Of those that both show.
    for (const auto& [offer, score] : kept.scores)
      if (all.scores.count(offer) == 1) CHECK(all.scores.at(offer) == score);
    CHECK(kept.ranked.size() == std::min<std::size_t>(1 + round % 5, kept.eligible.size()));
    CHECK(whole.eligible == all.eligible);
  }
}

TEST_CASE("where all fit, the answer is the single stage's, bit for bit") {
  Stages world;
  std::mt19937 generator(4);
  for (int round = 0; round < 20; ++round) {
    const std::string json = request_with(&generator, shuffled(&generator), 4);
    world.pipeline.retrieval.figures.is_set = false;
    const Outcome never = world.run(json);
    world.pipeline.retrieval.figures.is_set = true;
    world.set_budget(13);                 // 1 + 12: just enough
    const Outcome fits = world.run(json);
    CHECK(fits.json == never.json);
    CHECK(fits.record == never.record);
    world.set_budget(12.9);
    CHECK(world.run(json).stages.is_two_stage);
    world.set_budget(10);
  }
}

TEST_CASE("the order of candidates changes no ranking") {
  Stages world;
  for (unsigned seed = 1; seed <= 30; ++seed) {
    std::mt19937 contexts(seed), same(seed), orders(seed + 1000);
    std::vector<int> sorted = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13};
    const Outcome first = world.run(request_with(&contexts, sorted, 5));
    std::shuffle(sorted.begin(), sorted.end(), orders);
    const Outcome second = world.run(request_with(&same, sorted, 5));
    REQUIRE(first.stages.is_two_stage);
    CHECK(first.ranked == second.ranked);
    CHECK(first.scores == second.scores);
    CHECK(first.cut == second.cut);
  }
}

TEST_CASE("without explanation the JSON leaves out what stage one cut, and counts it") {
  Stages world;
  const std::string json =
      R"({"time": "2026-11-21T10:00:00Z", "limit": 3, "context": {"young": 1, "rich": 0.2})";
  const Outcome told = world.run(json + "}"), brief = world.run(json + R"(, "explain": false})");
  CHECK(told.json.find("NOT_RETRIEVED") != std::string::npos);
  CHECK(brief.json.find("NOT_RETRIEVED") == std::string::npos);
  CHECK(brief.json.find(R"("offer":"s-13","stage":"eligibility")") != std::string::npos);
  CHECK(brief.json.find(R"("retrieved":6)") != std::string::npos);
  CHECK(brief.cut == told.cut);
  CHECK(brief.cut.size() == 6);
}

TEST_CASE("a record in two stages tells the path, and replays; another path is a difference") {
  Stages world;
  const Decision d = world.rank_json(
      R"({"time": "2026-11-21T10:00:00Z", "limit": 8, "context": {"young": 1, "rich": 0.2}})");
  CHECK(d.stages.is_two_stage);
  CHECK(d.stages.is_raised);
  Bytes record;
  REQUIRE(write_record(d, {}, &world.session.arena(), &record, &world.error) == Status::ok);
  const AlignedBytes copy({record.begin(), record.end()});
  Request request(*world.pipeline.facts, world.pipeline.catalog, world.memory.allocator());
  ReplayResult result;
  REQUIRE(replay(world.pipeline, copy.view(), {}, &world.session, &request, &result, &world.error) ==
          Status::ok);
  CHECK_MESSAGE(result.is_equal, result.first_difference.view());
  world.set_budget(11);                   // one more is scored, and the same is shown
  REQUIRE(replay(world.pipeline, copy.view(), {}, &world.session, &request, &result, &world.error) ==
          Status::ok);
  CHECK(result.is_equal);                 // 11 - 1 - 3 = 7, raised to 8 all the same
  world.set_budget(13);
  REQUIRE(replay(world.pipeline, copy.view(), {}, &world.session, &request, &result, &world.error) ==
          Status::ok);
  CHECK_FALSE(result.is_equal);
}
