// Requests ranked together are told what each would be told alone.
#include "tests/core/decision/world.h"

#include "core/record/record.h"

using namespace guardrank;
using namespace guardrank::testing;

namespace {

const std::vector<std::string> requests_of_cards = {
    R"({"time": "2026-11-21T10:00:00Z", "seed": 5, "context": {"age": 34, "state": "CA", "income": 80000}})",
    R"({"time": "2026-11-21T10:00:00Z", "seed": 6, "context": {"age": 12, "state": "CA"}})",
    R"({"time": "2026-11-21T10:00:00Z", "seed": 7, "context": {"age": 50, "state": "NY", "income": 20000},
        "candidates": [{"offer": "o-6"}, {"offer": "o-1", "facts": {"appeal": 2.5}}]})",
    R"({"time": "2026-11-21T10:00:00Z", "seed": 5, "context": {"age": 34, "state": "CA", "income": 80000}})",
};

// The JSON form and the record of a decision.
std::string all_of(World* world, const Decision& decision) {
  Bytes record;
  REQUIRE(write_record(decision, {}, &world->session.arena(), &record, &world->error) == Status::ok);
  return world->json_of(decision, record);
}

// Together, on a snapshot that keeps so much of its catalog.
void check_together(const KeptBudget& budget) {
  World world("cards");
  REQUIRE(world.snapshot.keep_catalog(budget, &world.error) == Status::ok);
  std::vector<std::string> alone;
  std::vector<const Request*> requests;
  for (const std::string& json : requests_of_cards) {
    alone.push_back(all_of(&world, world.rank_json(json)));
  }
  for (const auto& request : world.request) requests.push_back(request.get());
  std::vector<Decision> decisions(requests.size());
  std::vector<Decision*> filled;
  for (Decision& decision : decisions) filled.push_back(&decision);
  for (int repeat = 0; repeat < 2; ++repeat) {
    REQUIRE(rank_many(world.snapshot.pipeline(), requests, &world.session, filled, &world.error) ==
            Status::ok);
    CHECK(decisions[1].candidates.empty());    // which keeps the others from nothing
    for (std::size_t i = 0; i < alone.size(); ++i) {
      CAPTURE(i);
      CHECK(all_of(&world, decisions[i]) == alone[i]);
    }
  }
}

}  // namespace

TEST_CASE("each gets the decision and the record that it gets alone") {
  check_together({0, 0});
  check_together({1 << 20, 0});
  check_together({1 << 20, 1 << 20});
}
