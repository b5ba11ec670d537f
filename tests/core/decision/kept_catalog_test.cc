// Codes and sums kept per offer change no bit of any decision: hot, cold, partial, and where the
// request gives facts of its own.
#include <algorithm>
#include <cstring>

#include "tests/core/decision/world.h"

using namespace guardrank;
using namespace guardrank::testing;

namespace {

// Of the bundles' models: bytes that one offer takes.
KeptBudget bytes_per_offer(const World& world) {
  const NetworkPlan& network = world.snapshot.pipeline().network;
  return {kept_codes_per_row(network), kept_sums_per_row(network) * sizeof(std::int16_t)};
}

KeptBudget budget_for(const KeptBudget& per_offer, std::uint64_t n_coded, std::uint64_t n_summed) {
  return {per_offer.codes_bytes * n_coded + per_offer.codes_bytes - 1,
          per_offer.sums_bytes * n_summed + per_offer.sums_bytes - 1};
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
  const KeptBudget per_offer = bytes_per_offer(plain);
  REQUIRE(per_offer.codes_bytes > 0);
  REQUIRE(per_offer.sums_bytes > 0);
  for (const std::uint64_t n_coded : {0u, 2u, 1000u}) {
    for (const std::uint64_t n_summed : {0u, 1u, 3u, 1000u}) {
      World world(bundle);
      REQUIRE(world.snapshot.keep_catalog(budget_for(per_offer, n_coded, n_summed),
                                          &world.error) == Status::ok);
      const Pipeline& pipeline = world.snapshot.pipeline();
      const std::uint64_t n_offers = pipeline.catalog->ids.size();
      CHECK(pipeline.kept.codes.n_rows == std::min<std::uint64_t>(n_coded, n_offers));
      CHECK(pipeline.kept.sums.n_rows == std::min<std::uint64_t>(n_summed, n_offers));
      CHECK(decisions(&world, requests) == wanted);
      CHECK(decisions(&world, requests) == wanted);
    }
  }
}

}  // namespace

TEST_CASE("decisions are the same with codes and sums of no offer, of some and of all") {
  check_bundle("cards", cards_requests);
  check_bundle("goods", goods_requests);
}

TEST_CASE("a fact that the request gives makes the difference that it should") {
  World world("cards");
  REQUIRE(world.snapshot.keep_catalog({1 << 20, 1 << 20}, &world.error) == Status::ok);
  const std::string listed = R"(, "candidates": [{"offer": "o-1"}]})";
  const std::string given = R"(, "candidates": [{"offer": "o-1", "facts": {"appeal": 2.5}}]})";
  CHECK(decisions(&world, {cards + listed}) != decisions(&world, {cards + given}));
}

namespace {

// What is kept of the candidates of a request.
class Found {
 public:
  Found(World* world, const std::string& candidates)
      : request_(*world->snapshot.pipeline().facts, world->snapshot.pipeline().catalog,
                 world->memory.allocator()),
        arena_(world->memory.allocator(), 1 << 20) {
    const std::string json = R"({"time": "2026-11-21T10:00:00Z", "candidates": [)" + candidates + "]}";
    REQUIRE(read_request_json(json, &request_, &world->error) == Status::ok);
    REQUIRE(frame_.open(request_, &arena_) == Status::ok);
    REQUIRE(find_kept_candidates(world->snapshot.pipeline().kept, &frame_, &kept) == Status::ok);
  }
  KeptCandidates kept;

 private:
  Request request_;
  Arena arena_;
  Frame frame_;
};

}  // namespace

TEST_CASE("kept rows are found by offer, and not where a fact that the model reads is given") {
  World world("cards");
  REQUIRE(world.snapshot.keep_catalog(budget_for(bytes_per_offer(world), 1000, 3), &world.error) ==
          Status::ok);
  const KeptCatalog& catalog = world.snapshot.pipeline().kept;
  const Found some(&world, R"({"offer": "o-3"}, {"offer": "o-4"}, {"offer": "o-1"},
                              {"offer": "o-2", "facts": {"appeal": 1}})");
  REQUIRE(some.kept.sums.size() == 4);
  CHECK(some.kept.sums[0] == catalog.sums.row(2));    // o-3 is the catalog's third
  CHECK(some.kept.sums[1] == nullptr);                // beyond the budget
  CHECK(some.kept.sums[2] == catalog.sums.row(0));
  CHECK(some.kept.sums[3] == nullptr);                // brings its own appeal
  CHECK(some.kept.codes.empty());                     // all or none
  const Found all(&world, R"({"offer": "o-3"}, {"offer": "o-2", "facts": {"min_age": 22}})");
  REQUIRE(all.kept.codes.size() == 2);                // which the model does not read
  CHECK(all.kept.codes[0] == catalog.codes.row(2));
  CHECK(all.kept.codes[1] == catalog.codes.row(1));
}

TEST_CASE("where memory runs out on the way, less is kept and the ranking is as before") {
  World plain("cards");
  const std::vector<std::string> requests = {R"({"time": "2026-11-21T10:00:00Z"})"};
  const std::vector<std::string> wanted = decisions(&plain, requests);
  bool was_refused = false, was_kept = false;
  for (std::size_t n = 0; n < 100 && !was_kept; ++n) {
    World world("cards");
    world.memory.n_left = n;
    REQUIRE(world.snapshot.keep_catalog({1 << 20, 1 << 20}, &world.error) == Status::ok);
    world.memory.n_left = SIZE_MAX;
    CHECK(world.error.message().empty());
    const KeptCatalog& kept = world.snapshot.pipeline().kept;
    was_refused |= kept.codes.n_rows == 0 && kept.sums.n_rows == 0;
    was_kept = kept.codes.n_rows != 0 && kept.sums.n_rows != 0;
    CHECK(decisions(&world, requests) == wanted);
  }
  CHECK(was_refused);
  CHECK(was_kept);
}

TEST_CASE("no budget for one offer, nothing kept") {
  World world("cards");
  REQUIRE(world.snapshot.keep_catalog(budget_for(bytes_per_offer(world), 0, 0), &world.error) ==
          Status::ok);
  CHECK(world.snapshot.pipeline().kept.codes.n_rows == 0);
  CHECK(world.snapshot.pipeline().kept.sums.n_rows == 0);
}

TEST_CASE("what is kept grows step by step, and serves in between") {
  World plain("../../../models/reference/goods");
  const std::string request = R"({"time": "2026-11-21T10:00:00Z", "seed": 9, "context": {}})";
  const std::vector<std::string> wanted = decisions(&plain, {request});
  World world("../../../models/reference/goods");
  const KeptBudget budget = budget_for(bytes_per_offer(world), 1000, 130);
  const KeptCatalog& kept = world.snapshot.pipeline().kept;
  world.snapshot.begin_kept(budget);
  for (const auto& [n_coded, n_summed] : {std::pair{0u, 0u}, {120u, 120u}, {200u, 130u}}) {
    CHECK(kept.codes.n_rows == n_coded);
    CHECK(kept.sums.n_rows == n_summed);
    CHECK(world.snapshot.n_kept_steps_left() == (n_coded == 0 ? 2 : n_coded == 120 ? 1 : 0));
    CHECK(decisions(&world, {request}) == wanted);
    REQUIRE(world.snapshot.keep_more(1, &world.error) == Status::ok);
  }
  world.snapshot.begin_kept(budget);
  REQUIRE(world.snapshot.keep_more(5, &world.error) == Status::ok);
  CHECK(world.snapshot.n_kept_steps_left() == 0);
  CHECK(kept.codes.n_rows == 200);
  CHECK(decisions(&world, {request}) == wanted);
}

TEST_CASE("a session told not to read what is kept decides the same, and the memory can go") {
  World plain("cards");
  const std::vector<std::string> wanted = decisions(&plain, cards_requests);
  World world("cards");
  const std::size_t before = world.memory.live_bytes;
  REQUIRE(world.snapshot.keep_catalog({1 << 20, 1 << 20}, &world.error) == Status::ok);
  CHECK(world.memory.live_bytes > before);
  world.session.set_reads_kept(false);
  world.snapshot.release_kept();
  CHECK(world.memory.live_bytes == before);
  CHECK(decisions(&world, cards_requests) == wanted);
}
