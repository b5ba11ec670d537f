#include "core/decision/compaction.h"

#include <doctest/doctest.h>

#include <vector>

#include "tests/core/support/test_memory.h"

using namespace guardrank;

TEST_CASE("rows that were kept are found by their candidates") {
  TestMemory memory;
  Arena arena(memory.allocator(), 1 << 20);
  const std::vector<std::uint32_t> before = {0, 3, 4, 9}, after = {3, 9};
  std::span<const std::uint32_t> kept;
  REQUIRE(find_kept(before, after, &arena, &kept) == Status::ok);
  CHECK(std::vector<std::uint32_t>(kept.begin(), kept.end()) == std::vector<std::uint32_t>{1, 3});

  REQUIRE(find_kept(before, {}, &arena, &kept) == Status::ok);
  CHECK(kept.empty());
  const std::vector<std::uint32_t> foreign = {3, 5};
  CHECK(find_kept(before, foreign, &arena, &kept) == Status::internal);
}

TEST_CASE("outcomes and scores follow the rows kept; absent columns stay absent") {
  TestMemory memory;
  Arena arena(memory.allocator(), 1 << 20);
  const std::vector<float> logit = {1, 2, 3};
  const std::vector<double> probability = {0.1, 0.2, 0.3};
  const std::vector<std::int64_t> term = {10, 20, 30}, score = {11, 21, 31};
  const std::vector<std::uint32_t> kept = {0, 2};
  HeadOutcome outcomes[1];
  outcomes[0].logit = logit;
  outcomes[0].probability = probability;   // a value head: neither corrected nor reach
  const std::span<const std::int64_t> terms[] = {term};
  Scores scores{terms, score};
  REQUIRE(keep_outcomes(kept, &arena, outcomes) == Status::ok);
  REQUIRE(keep_scores(kept, &arena, &scores) == Status::ok);
  CHECK(outcomes[0].logit[1] == 3);
  CHECK(outcomes[0].probability[1] == 0.3);
  CHECK(outcomes[0].reach.empty());
  CHECK(scores.terms[0][1] == 30);
  CHECK(scores.score[0] == 11);
  CHECK(scores.score.size() == 2);

  memory.n_left = 0;
  Arena none(memory.allocator(), 1 << 20);
  CHECK(keep_scores(kept, &none, &scores) == Status::memory);
}
