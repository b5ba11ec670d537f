// Requests scored together, and contexts seen before: the bits of each scored alone.
#include <doctest/doctest.h>

#include <cstring>
#include <memory>
#include <vector>

#include "core/model/network.h"
#include "tests/core/model/built_kernels.h"
#include "tests/core/model/random_model.h"
#include "tests/core/support/test_memory.h"

using namespace guardrank;
using namespace guardrank::testing;

namespace {

constexpr std::size_t plenty = std::size_t{1} << 30;

// Requests of these numbers of rows, every second with its candidates' sums kept in part.
class Requests {
 public:
  Requests(const Model& model, const NetworkPlan& plan, const std::vector<std::uint32_t>& n_rows,
           std::uint64_t seed, Arena* arena) {
    for (std::size_t i = 0; i < n_rows.size(); ++i) {
      inputs_.push_back(std::make_unique<RandomInputs>(model, n_rows[i], seed + i));
      sums_.emplace_back(n_rows[i] * kept_sums_per_row(plan));
      kept_.emplace_back(n_rows[i]);
      REQUIRE(sum_candidates(plan, inputs_[i]->encoded(), n_rows[i], arena, sums_[i].data()) ==
              Status::ok);
      for (std::uint32_t row = 0; row < n_rows[i]; ++row) {
        const bool is_kept = i % 2 == 1 && (i % 4 == 3 || row % 3 != 0);
        kept_[i][row] = is_kept ? sums_[i].data() + row * kept_sums_per_row(plan) : nullptr;
      }
      KeptCandidates kept;
      if (i % 2 == 1) kept.sums = kept_[i];
      parts.push_back({inputs_[i]->encoded(), kept, n_rows[i], {}});
    }
  }
  std::vector<ScoredRows> parts;

 private:
  std::vector<std::unique_ptr<RandomInputs>> inputs_;
  std::vector<std::vector<std::int16_t>> sums_;
  std::vector<std::vector<const std::int16_t*>> kept_;
};

void check_alone(const NetworkPlan& plan, const ScoredRows& part, Arena* arena) {
  std::span<std::span<float>> alone;
  REQUIRE(score_encoded(plan, part.encoded, part.n_rows, arena, &alone) == Status::ok);
  REQUIRE(part.logits.size() == alone.size());
  for (std::size_t h = 0; h < alone.size(); ++h) {
    REQUIRE(part.logits[h].size() == part.n_rows);
    if (part.n_rows == 0) continue;
    REQUIRE(std::memcmp(part.logits[h].data(), alone[h].data(), alone[h].size_bytes()) == 0);
  }
}

void check_together(std::uint64_t seed, const std::vector<std::uint32_t>& n_rows) {
  const Magnitudes magnitudes = seed % 3 == 0 ? Magnitudes::extreme : Magnitudes::moderate;
  const RandomModel model(draw_architecture(seed), seed * 7919, magnitudes);
  for (const Kernel* kernel : built_kernels()) {
    CAPTURE(kernel->name);
    TestMemory memory;
    Arena arena(memory.allocator(), plenty);
    Error error;
    NetworkPlan plan;
    REQUIRE(prepare_network(model.model(), *kernel, &arena, &plan, &error) == Status::ok);
    plan.serial = 7;
    Requests requests(model.model(), plan, n_rows, seed, &arena);
    // Room for few contexts, so that some are found, some are out again.
    ContextCache cache(memory.allocator(), 20'000);
    for (ContextCache* used : {static_cast<ContextCache*>(nullptr), &cache, &cache}) {
      REQUIRE(score_together(plan, requests.parts, used, &arena) == Status::ok);
      for (const ScoredRows& part : requests.parts) check_alone(plan, part, &arena);
    }
  }
}

}  // namespace

TEST_CASE("requests scored together get the bits of each alone") {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    check_together(seed, {1, 3, 1, 1, 2});
    if (seed % 6 == 0) check_together(seed, {61, 1, 59, 130, 0, 5});
  }
}

TEST_CASE("contexts of a network without a serial number are not kept") {
  const RandomModel model(draw_architecture(4), 4);
  TestMemory memory;
  Arena arena(memory.allocator(), plenty);
  Error error;
  NetworkPlan plan;
  REQUIRE(prepare_network(model.model(), portable_kernel, &arena, &plan, &error) == Status::ok);
  for (const std::uint64_t serial : {0u, 1u}) {
    plan.serial = serial;
    ContextCache cache(memory.allocator(), 1 << 20);
    Requests requests(model.model(), plan, {2}, 3, &arena);
    REQUIRE(score_together(plan, requests.parts, &cache, &arena) == Status::ok);
    CHECK((cache.held_bytes() > 0) == (serial != 0));
  }
}

TEST_CASE("no request, and requests without rows") {
  const RandomModel model(draw_architecture(4), 4);
  TestMemory memory;
  Arena arena(memory.allocator(), plenty);
  Error error;
  NetworkPlan plan;
  REQUIRE(prepare_network(model.model(), portable_kernel, &arena, &plan, &error) == Status::ok);
  CHECK(score_together(plan, {}, nullptr, &arena) == Status::ok);
  const RandomInputs inputs(model.model(), 0, 1);
  ScoredRows parts[2] = {{inputs.encoded(), {}, 0, {}}, {inputs.encoded(), {}, 0, {}}};
  CHECK(score_together(plan, parts, nullptr, &arena) == Status::ok);
  CHECK(parts[1].logits.size() == model.model().heads.size());
}
