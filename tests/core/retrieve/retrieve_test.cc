// Stage one held against brute force: int64 products of every pair, std::sort by product and id.
#include "core/retrieve/retrieve.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "tests/core/support/test_memory.h"

using namespace guardrank;

namespace {

constexpr TwoStage stages(double budget, double fixed, double c1, double c2) {
  return {true, budget, fixed, c1, c2, 0.99, 0.99};
}

// A catalog of `n` offers with random vectors, few different values so that products tie, and a
// context tower of one layer that hands two codes on as they are.
struct Shelf {
  Shelf(std::uint32_t n, std::uint32_t dim, unsigned seed) : generator(seed) {
    std::vector<std::string> shuffled;
    for (std::uint32_t i = 0; i < n; ++i)
      shuffled.push_back("o-" + std::string(i % 3, 'x') + std::to_string(i));
    std::shuffle(shuffled.begin(), shuffled.end(), generator);
    names = shuffled;
    for (const std::string& name : names) ids.push_back(name);
    order.resize(n);
    rank.resize(n);
    for (std::uint32_t i = 0; i < n; ++i) order[i] = i;
    std::sort(order.begin(), order.end(), [&](auto a, auto b) { return ids[a] < ids[b]; });
    for (std::uint32_t i = 0; i < n; ++i) rank[order[i]] = i;
    std::uniform_int_distribution<int> small(-2, 2);
    for (std::uint32_t i = 0; i < n * dim; ++i) codes.push_back(static_cast<std::int8_t>(small(generator)));
    open_catalog(n, dim);
    open_facts();
    open_tower(dim);
  }

  void open_catalog(std::uint32_t n, std::uint32_t dim) {
    catalog.n_offers = n;
    catalog.ids = ids;
    catalog.order = order;
    catalog.rank = rank;
    catalog.allows_unlisted = true;
    catalog.stage_one.dim = dim;
    catalog.stage_one.codes = codes.data();
    plan.vectors = &catalog.stage_one;
  }

  void open_facts() {
    Error error;
    REQUIRE(facts.open(4, &arena, &error) == Status::ok);
    Fact fact;
    fact.space = Namespace::candidate;
    for (const char* name : {"price", "other"}) {
      fact.name = name;
      REQUIRE(facts.add(fact, nullptr, &error) == Status::ok);
    }
    plan.facts = {&price, 1};
  }

  // weights: the unit matrix, multiplier 1.
  void open_tower(std::uint32_t dim) {
    weights.assign(std::size_t{dim} * dim, 0);
    for (std::uint32_t i = 0; i < dim; ++i) weights[i * dim + i] = 1;
    bias.assign(dim, 0);
    multiplier.assign(dim, 1.0f);
    layer = {dim, dim, weights.data(), bias, multiplier, 0};
    towers = {true, "unit", {&layer, 1}, dim, 1.0f};
    plan.towers = &towers;
    std::uniform_int_distribution<int> code(0, 3);
    for (std::uint32_t i = 0; i < dim; ++i)
      context.push_back(static_cast<std::uint8_t>(code(generator)));
  }

  // Candidates that are kept, of the request's.
  std::vector<std::uint32_t> run(const Request& request, std::uint32_t n_kept,
                                 std::vector<std::uint32_t>* cut = nullptr) {
    Frame frame;
    REQUIRE(frame.open(request, &arena) == Status::ok);
    frame.context_codes = context;
    ExclusionList exclusions(&arena);
    REQUIRE(retrieve(plan, n_kept, &frame, &exclusions) == Status::ok);
    if (cut != nullptr)
      for (const Exclusion& exclusion : exclusions.exclusions()) {
        CHECK(exclusion.stage == ExclusionStage::retrieval);
        CHECK(exclusions.reasons(exclusion).size() == 1);
        cut->push_back(exclusion.candidate);
      }
    return {frame.rows().begin(), frame.rows().end()};
  }

  std::int64_t product(std::uint32_t offer) const {
    std::int64_t sum = 0;
    for (std::uint32_t i = 0; i < towers.dim; ++i)
      sum += std::int64_t{codes[std::size_t{offer} * towers.dim + i]} * context[i];
    return sum;
  }

  // The same by sorting all.
  std::vector<std::uint32_t> brute_force(std::vector<std::uint32_t> rows, std::size_t k) const {
    std::sort(rows.begin(), rows.end(), [&](auto a, auto b) {
      return product(a) != product(b) ? product(a) > product(b) : ids[a] < ids[b];
    });
    rows.resize(std::min(k, rows.size()));
    std::sort(rows.begin(), rows.end());
    return rows;
  }

  std::mt19937 generator;
  TestMemory memory;
  Arena arena{memory.allocator(), 1 << 26};
  std::vector<std::string> names;
  std::vector<std::string_view> ids;
  std::vector<std::uint32_t> order, rank;
  std::vector<std::int8_t> codes, weights;
  std::vector<std::int32_t> bias;
  std::vector<float> multiplier;
  std::vector<std::uint8_t> context;
  Layer layer;
  Retrieval towers;
  Catalog catalog;
  FactTable facts;
  const std::uint32_t price = 0;
  RetrievalPlan plan;
};

std::vector<std::uint32_t> all_rows(std::uint32_t n) {
  std::vector<std::uint32_t> rows(n);
  for (std::uint32_t i = 0; i < n; ++i) rows[i] = i;
  return rows;
}

}  // namespace

TEST_CASE("K by the formula of the design, worked by hand") {
  RetrievalPlan plan;
  StageOneVectors vectors;
  plan.vectors = &vectors;
  plan.figures = stages(100, 10, 0.1, 1);
  // 10 + 90 = 100: a single stage just fits.
  CHECK(choose_stages(plan, 90, 5).n_kept == 90);
  CHECK(choose_stages(plan, 90, 5).n_in_budget == 90);
  // 91: (100 - 10 - 9.1) / 1 = 80.9
  CHECK(choose_stages(plan, 91, 5).n_kept == 80);
  // 500: (100 - 10 - 50) / 1 = 40, and not fewer than the limit
  CHECK(choose_stages(plan, 500, 5).n_kept == 40);
  CHECK(choose_stages(plan, 500, 60).n_kept == 60);
  CHECK(choose_stages(plan, 500, 60).n_in_budget == 40);
  // 2000: below 0
  CHECK(choose_stages(plan, 2000, 7).n_kept == 7);
  CHECK(choose_stages(plan, 2000, 7).n_in_budget == 0);
  // A request without a limit may show 10,000.
  CHECK(choose_stages(plan, 2000, 0).n_kept == 2000);
  CHECK(choose_stages(plan, 20'000, 0).n_kept == 10'000);
  CHECK(choose_stages(plan, 20'000, 15'000).n_kept == 10'000);
  // Figures that overflow a double's quotient.
  plan.figures = stages(1e12, 0, 0, 1e-300);
  CHECK(choose_stages(plan, 1000, 5).n_kept == 1000);
  plan.figures = stages(0, 1e12, 1e12, 1e12);
  CHECK(choose_stages(plan, 1'000'000, 5).n_kept == 5);
  plan.figures.is_set = false;
  CHECK(choose_stages(plan, 1'000'000, 5).n_kept == 1'000'000);
  plan.figures = stages(100, 10, 0.1, 1);
  plan.vectors = nullptr;
  CHECK(choose_stages(plan, 500, 5).n_kept == 500);
}

TEST_CASE("figures call for stage one only where a catalog is too large for the budget") {
  CHECK_FALSE(needs_stage_one(stages(100, 10, 0, 1), 90));
  CHECK(needs_stage_one(stages(100, 10, 0, 1), 91));
  CHECK_FALSE(needs_stage_one(stages(0, 10, 0, 1), 0));
  CHECK_FALSE(needs_stage_one(TwoStage{}, 1'000'000));
}

TEST_CASE("products are exact at the ends of s8") {
  std::vector<std::int8_t> low(16'384, -128), high(16'384, 127);
  CHECK(multiply_codes(low.data(), low.data(), 16'384) == 268'435'456);
  CHECK(multiply_codes(low.data(), high.data(), 16'384) == -266'338'304);
  CHECK(multiply_codes(low.data(), high.data(), 0) == 0);
  // Every length around the blocks in which it is computed.
  std::mt19937 generator(1);
  for (std::size_t n = 1; n < 70; ++n) {
    std::int64_t wanted = 0;
    for (std::size_t i = 0; i < n; ++i) {
      low[i] = static_cast<std::int8_t>(generator());
      high[i] = static_cast<std::int8_t>(generator());
      wanted += std::int64_t{low[i]} * high[i];
    }
    CHECK(multiply_codes(low.data(), high.data(), n) == wanted);
  }
}

TEST_CASE("the k-th smallest key, against sorting") {
  std::mt19937_64 generator(7);
  for (int round = 0; round < 60; ++round) {
    const std::size_t n = 1 + generator() % 300;
    std::set<std::uint64_t> distinct;
    // Keys that share high bytes, low bytes, or nothing.
    const std::uint64_t mask = round % 3 == 0 ? 0xffff : round % 3 == 1 ? ~0ull : 0xff00ff0000ull;
    while (distinct.size() < n && distinct.size() < 200) distinct.insert(generator() & mask);
    std::vector<std::uint64_t> sorted(distinct.begin(), distinct.end());
    for (const std::size_t k : {std::size_t{1}, sorted.size() / 2 + 1, sorted.size()}) {
      std::vector<std::uint64_t> keys = sorted;
      std::shuffle(keys.begin(), keys.end(), generator);
      CHECK(find_smallest(keys, k) == sorted[k - 1]);
    }
  }
}

TEST_CASE("exactly the best K are kept, ties by offer id") {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    Shelf shelf(257, 3, seed);
    Request request(shelf.facts, &shelf.catalog, shelf.memory.allocator());
    request.set_limit(1);
    for (const std::uint32_t k : {1u, 2u, 17u, 128u, 256u}) {
      std::vector<std::uint32_t> cut;
      const std::vector<std::uint32_t> kept = shelf.run(request, k, &cut);
      CHECK(kept == shelf.brute_force(all_rows(257), k));
      CHECK(kept.size() + cut.size() == 257);
      for (const std::uint32_t candidate : cut)
        CHECK(!std::binary_search(kept.begin(), kept.end(), candidate));
    }
    CHECK(shelf.run(request, 257) == all_rows(257));
    CHECK(shelf.run(request, 1'000'000) == all_rows(257));
  }
}

TEST_CASE("the order of candidates does not matter, nor those that are not asked for") {
  Shelf shelf(100, 2, 5);
  std::vector<std::uint32_t> rows = all_rows(60);
  std::vector<std::string_view> wanted;
  for (const std::uint32_t row : shelf.brute_force(rows, 11)) wanted.push_back(shelf.ids[row]);
  std::sort(wanted.begin(), wanted.end());
  for (int round = 0; round < 10; ++round) {
    std::shuffle(rows.begin(), rows.end(), shelf.generator);
    std::vector<std::string_view> asked, kept;
    for (const std::uint32_t row : rows) asked.push_back(shelf.ids[row]);
    Request request(shelf.facts, &shelf.catalog, shelf.memory.allocator());
    Error error;
    REQUIRE(request.set_candidates(asked, &error) == Status::ok);
    request.set_limit(1);
    for (const std::uint32_t candidate : shelf.run(request, 11)) kept.push_back(asked[candidate]);
    std::sort(kept.begin(), kept.end());
    CHECK(kept == wanted);
  }
}

TEST_CASE("mandated, unlisted and changed offers bypass, and take up the budget") {
  Shelf shelf(50, 2, 9);
  const std::vector<std::uint32_t> best = shelf.brute_force(all_rows(50), 50 - 3);
  // The three worst: one is mandated, one brings a price, one brings a fact that no vector knows.
  std::vector<std::uint32_t> worst;
  for (std::uint32_t row = 0; row < 50; ++row)
    if (!std::binary_search(best.begin(), best.end(), row)) worst.push_back(row);
  REQUIRE(worst.size() == 3);
  std::vector<std::string_view> asked = {"unlisted"};
  for (std::uint32_t row = 0; row < 50; ++row) asked.push_back(shelf.ids[row]);
  Request request(shelf.facts, &shelf.catalog, shelf.memory.allocator());
  Error error;
  REQUIRE(request.set_candidates(asked, &error) == Status::ok);
  REQUIRE(request.set_candidate(1 + worst[1], 0, Value::of(3.5), &error) == Status::ok);
  REQUIRE(request.set_candidate(1 + worst[2], 1, Value::of(3.5), &error) == Status::ok);
  request.set_limit(2);
  shelf.plan.mandated = {&worst[0], 1};
  std::vector<std::uint32_t> wanted = {0, 1 + worst[0], 1 + worst[1]};
  for (const std::uint32_t row : shelf.brute_force(all_rows(50), 7)) wanted.push_back(1 + row);
  std::sort(wanted.begin(), wanted.end());
  CHECK(shelf.run(request, 10) == wanted);
  // No room is left, but as many others as may be shown stay.
  wanted = {0, 1 + worst[0], 1 + worst[1]};
  for (const std::uint32_t row : shelf.brute_force(all_rows(50), 2)) wanted.push_back(1 + row);
  std::sort(wanted.begin(), wanted.end());
  CHECK(shelf.run(request, 3) == wanted);
}

TEST_CASE("the context tower rounds half to even, clamps, and ends in signed codes") {
  TestMemory memory;
  Arena arena(memory.allocator(), 1 << 16);
  // hidden: 3a, -a, a / 2 of one code; last: their sum with signs.
  const std::int8_t first[] = {3, -1, 1}, second[] = {1, 1, 1, -1, -1, -127};
  const std::int32_t bias[] = {0, 0, 0};
  const float multiplier[] = {1.0f, 1.0f, 0.5f};
  const Layer layers[] = {{3, 1, first, bias, multiplier, 0},
                          {2, 3, second, {bias, 2}, {multiplier, 2}, 0}};
  const Retrieval towers{true, "", layers, 2, 1.0f};
  const auto vector = [&](std::uint8_t code) {
    std::span<const std::int8_t> out;
    REQUIRE(make_context_vector(towers, {&code, 1}, &arena, &out) == Status::ok);
    return std::pair<int, int>(out[0], out[1]);
  };
  CHECK(vector(0) == std::pair(0, 0));
  CHECK(vector(2) == std::pair(7, -127));     // 6, 0, 1: 7 and -6 - 127
  CHECK(vector(3) == std::pair(11, -127));    // 9, 0, 1.5 to 2
  CHECK(vector(5) == std::pair(17, -127));    // 15, 0, 2.5 to 2
  CHECK(vector(1) == std::pair(3, -3));       // 3, 0, 0.5 to 0
  CHECK(vector(100) == std::pair(127, -127)); // 127, 0, 50: 177
}

TEST_CASE("vectors of another model, none, or of another width are refused") {
  TestMemory memory;
  Arena arena(memory.allocator(), 1 << 16);
  Error error;
  FactTable facts;
  REQUIRE(facts.open(1, &arena, &error) == Status::ok);
  Model model;
  model.container.id[0] = 7;
  Policy policy;
  policy.two_stage = stages(10, 1, 0, 1);
  Catalog catalog;
  catalog.n_offers = 10;
  const auto prepare = [&] {
    RetrievalPlan plan;
    return prepare_retrieval(model, policy, catalog, facts, &arena, &plan, &error);
  };
  CHECK(prepare() == Status::reference);      // no towers
  CHECK(error.where() == "two_stage");
  model.retrieval.is_set = true;
  model.retrieval.dim = 4;
  CHECK(prepare() == Status::reference);      // no vectors
  const std::int8_t codes[40] = {};
  catalog.stage_one = {model.container.id, 4, 1.0f, codes};
  CHECK(prepare() == Status::ok);
  catalog.stage_one.dim = 5;
  CHECK(prepare() == Status::dimension);
  catalog.stage_one.dim = 4;
  catalog.stage_one.model[31] = 1;
  CHECK(prepare() == Status::reference);
  CHECK(error.where() == "catalog.stage_one");
  policy.two_stage.budget_us = 11;            // a single stage does it: nothing is needed
  CHECK(prepare() == Status::ok);
}
