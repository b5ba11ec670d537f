// Sums kept per offer change no bit of any decision: hot, cold, partial, and where the request gives
// facts of its own.
#include <algorithm>
#include <cstring>

#include "tests/core/decision/world.h"

using namespace guardrank;
using namespace guardrank::testing;

namespace {

// Of the bundles' models: bytes that the sums of one offer take.
std::uint64_t bytes_per_offer(const World& world) {
  return kept_sums_per_row(world.snapshot.pipeline().network) * sizeof(std::int16_t);
}

// The logits' bits and everything else that the decision says, by request.
std::vector<std::string> decisions(World* world, const std::vector<std::string>& requests) {
  std::vector<std::string> result;
  for (const std::string& request : requests) {
    const Decision decision = world->rank_json(request);
    result.push_back(world->json_of(decision));
    for (const HeadOutcome& head : decision.heads) {
      for (std::uint32_t row = 0; row < decision.candidates.size(); ++row) {
        std::uint64_t bits;
        std::memcpy(&bits, &head.probability[row], sizeof bits);
        result.back() += " " + std::to_string(bits);
      }
    }
  }
  return result;
}

const std::string cards = R"({"time": "2026-11-21T10:00:00Z", "seed": 5, "explain": true,
  "context": {"age": 34, "state": "CA", "income": 80000})";
const std::vector<std::string> cards_requests = {
    cards + "}",
    cards + R"(, "candidates": [{"offer": "o-6"}, {"offer": "o-1"}, {"offer": "o-5"}]})",
    cards + R"(, "candidates": [{"offer": "o-1", "facts": {"appeal": 2.5}}]})",
    cards + R"(, "candidates": [{"offer": "o-5", "facts": {"appeal": null}},
      {"offer": "o-1", "facts": {"appeal": -2.5}}, {"offer": "o-6"},
      {"offer": "o-2", "facts": {"min_age": 22}, "pair": {"seen_before": 3}}]})",
};

const std::string goods = R"({"time": "2026-11-21T10:00:00Z", "seed": 9, "explain": true,
  "context": {"country": "SE"})";
const std::vector<std::string> goods_requests = {
    goods + "}",
    goods + R"(, "candidates": [{"offer": "g-8"}, {"offer": "g-3", "facts": {"price": 30}},
      {"offer": "g-1", "facts": {"tags": ["new"]}}, {"offer": "g-2"}]})",
};

void check_bundle(const std::string& bundle, const std::vector<std::string>& requests) {
  World plain(bundle);
  const std::vector<std::string> wanted = decisions(&plain, requests);
  const std::uint64_t per_offer = bytes_per_offer(plain);
  REQUIRE(per_offer > 0);
  for (const std::uint64_t n_offers : {1u, 3u, 1000u}) {
    World world(bundle);
    REQUIRE(world.snapshot.keep_catalog_sums(n_offers * per_offer + per_offer - 1, &world.error) ==
            Status::ok);
    const Pipeline& pipeline = world.snapshot.pipeline();
    CHECK(pipeline.catalog_sums.n_rows ==
          std::min<std::uint64_t>(n_offers, pipeline.catalog->ids.size()));
    CHECK(decisions(&world, requests) == wanted);
    CHECK(decisions(&world, requests) == wanted);
  }
}

}  // namespace

TEST_CASE("decisions are the same with sums of one offer, of some and of all") {
  check_bundle("cards", cards_requests);
  check_bundle("goods", goods_requests);
}

TEST_CASE("a fact that the request gives makes the difference that it should") {
  World world("cards");
  REQUIRE(world.snapshot.keep_catalog_sums(1 << 20, &world.error) == Status::ok);
  const std::string listed = R"(, "candidates": [{"offer": "o-1"}]})";
  const std::string given = R"(, "candidates": [{"offer": "o-1", "facts": {"appeal": 2.5}}]})";
  CHECK(decisions(&world, {cards + listed}) != decisions(&world, {cards + given}));
}

TEST_CASE("kept rows are found by offer, and not where a fact that the model reads is given") {
  World world("cards");
  REQUIRE(world.snapshot.keep_catalog_sums(3 * bytes_per_offer(world), &world.error) == Status::ok);
  const Pipeline& pipeline = world.snapshot.pipeline();
  const CatalogSums& sums = pipeline.catalog_sums;
  Request request(*pipeline.facts, pipeline.catalog, world.memory.allocator());
  const std::string json = R"({"time": "2026-11-21T10:00:00Z", "candidates": [{"offer": "o-3"}, {"offer": "o-4"},
      {"offer": "o-1"}, {"offer": "o-2", "facts": {"appeal": 1}}]})";
  REQUIRE(read_request_json(json, &request, &world.error) == Status::ok);
  Arena arena(world.memory.allocator(), 1 << 20);
  Frame frame;
  REQUIRE(frame.open(request, &arena) == Status::ok);
  KeptSums kept;
  REQUIRE(find_kept_sums(sums, &frame, &kept) == Status::ok);
  REQUIRE(kept.size() == 4);
  const std::size_t per_row = sums.sums.size() / 3;
  CHECK(kept[0] == sums.sums.data() + 2 * per_row);   // o-3 is the catalog's third
  CHECK(kept[1] == nullptr);                          // beyond the budget
  CHECK(kept[2] == sums.sums.data());
  CHECK(kept[3] == nullptr);                          // brings its own appeal
}

TEST_CASE("no budget for one offer, no sums") {
  World world("cards");
  REQUIRE(world.snapshot.keep_catalog_sums(bytes_per_offer(world) - 1, &world.error) == Status::ok);
  CHECK(world.snapshot.pipeline().catalog_sums.n_rows == 0);
}
