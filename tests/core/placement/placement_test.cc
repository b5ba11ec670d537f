#include "core/placement/placement.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <random>

#include "core/placement/exploration.h"
#include "tests/core/expr/world.h"

namespace guardrank::testing {
namespace {

struct Slots : World {
  Policy policy;
  std::vector<Guardrail> guardrails;
  std::vector<MandatedOffer> mandated;
  std::vector<Cap> caps;
  std::vector<std::string_view> diversity_facts;
  std::vector<std::int64_t> score;
  PlacementPlan plan;

  Slots() {
    offer("partner", FactType::string);
    offer("category", FactType::string);
    offer("tier", FactType::i64);
  }
  Status prepare() {
    policy.guardrails = guardrails;
    policy.mandated = mandated;
    policy.caps = caps;
    policy.diversity.facts = diversity_facts;
    return prepare_placement(policy, facts, &arena, &plan, &error);
  }
  std::vector<Placed> run(std::uint32_t limit) {
    REQUIRE_MESSAGE(prepare() == Status::ok, error.message());
    open();
    std::span<const Placed> placed;
    REQUIRE(place(plan, &frame, score, limit, &placed) == Status::ok);
    return {placed.begin(), placed.end()};
  }
  std::string ids(const std::vector<Placed>& placed) {
    std::string text;
    for (const Placed& one : placed) {
      text += text.empty() ? "" : " ";
      text += request().offer_id(frame.rows()[one.row]);
    }
    return text;
  }
  std::string order(std::uint32_t limit) { return ids(run(limit)); }
  // 0: missing; partners "p", "q" and so on.
  void set_groups(std::uint32_t row, int partner, int tier) {
    if (partner != 0) set_offer(row, "partner", std::string_view{&"pqrs"[partner - 1], 1});
    if (tier != 0) set_offer(row, "tier", static_cast<std::int64_t>(tier));
  }
  void set(std::string_view fact, std::initializer_list<std::string_view> values) {
    std::uint32_t row = 0;
    for (const std::string_view value : values) {
      if (!value.empty()) set_offer(row, fact, value);
      ++row;
    }
  }
};

TEST_CASE("by score, ties by offer id, up to the limit") {
  Slots world;
  world.candidates({"d", "a", "c", "b"});
  world.score = {5, 5, 9, -3};
  CHECK(world.order(0) == "c a d b");
  CHECK(world.order(2) == "c a");
  CHECK(world.order(99) == "c a d b");
  for (const Placed& placed : world.run(0)) {
    CHECK(placed.propensity == 1.0);
    CHECK(!placed.is_mandated);
  }
}

TEST_CASE("mandated offers stand at their slots") {
  Slots world;
  world.candidates({"a", "b", "c", "d", "e"});
  world.score = {50, 40, 30, 20, 10};
  world.mandated = {{"e", "", 2}};
  CHECK(world.order(0) == "a e b c d");
  CHECK(world.order(2) == "a e");
  CHECK(world.order(1) == "a");                          // beyond the limit: dropped
  CHECK(world.run(0)[1].is_mandated);
  CHECK(world.run(0)[1].propensity == 1.0);
  world.mandated = {{"e", "false", 2}};
  CHECK(world.order(0) == "a b c d e");
  world.mandated = {{"e", "offer.tier == 1", 2}};        // unknown: not due
  CHECK(world.order(0) == "a b c d e");
  world.mandated = {{"zz", "", 1}};                      // not in play
  CHECK(world.order(0) == "a b c d e");
  world.mandated = {{"e", "", 2}, {"d", "", 2}, {"e", "", 4}};
  CHECK(world.order(0) == "a e d b c");                  // the first keeps the slot
  CHECK(world.order(2) == "a e");
  world.mandated = {{"a", "", 9}};
  CHECK(world.order(0) == "b c d e a");                  // fewer rows than slots: at the end
  CHECK(world.order(8) == "a b c d e");                  // beyond the limit: by its score
  world.mandated = {{"d", "", 8}, {"e", "", 1}, {"c", "", 7}};
  CHECK(world.order(0) == "e a b c d");
}

TEST_CASE("caps") {
  Slots world;
  world.candidates({"a", "b", "c", "d", "e", "f"});
  world.score = {60, 50, 40, 30, 20, 10};
  world.set("partner", {"x", "x", "x", "y", "", ""});
  world.caps = {{"partner", 1, 3}};
  CHECK(world.order(0) == "a d e b c f");      // from slot 4 on the cap is over
  CHECK(world.order(3) == "a d e");
  world.caps = {{"partner", 0, 6}};
  CHECK(world.order(0) == "e f");              // a missing value is not capped
  world.caps = {{"partner", 2, 6}};
  world.mandated = {{"c", "", 1}};
  CHECK(world.order(0) == "c a d e f");        // the mandate counts; b cannot stand in six
  world.caps = {{"partner", 1, 6}};
  world.mandated = {{"c", "", 2}};
  CHECK(world.order(0) == "a c d e f");        // not blocked itself
}

TEST_CASE("caps are never violated by more than the mandated, and nobody feasible is passed over") {
  std::mt19937_64 random(5);
  for (int round = 0; round < 150; ++round) {
    Slots world;
    const std::size_t n = random() % 30 + 1;
    world.candidates(n);
    std::vector<int> partner(n), tier(n);
    for (std::uint32_t i = 0; i < n; ++i) {
      world.score.push_back(static_cast<std::int64_t>(random() % 20) * 100000);
      partner[i] = static_cast<int>(random() % 4);   // 0: missing
      tier[i] = static_cast<int>(random() % 3);
      world.set_groups(i, partner[i], tier[i]);
    }
    world.caps = {{"partner", static_cast<std::uint32_t>(random() % 4),
                   static_cast<std::uint32_t>(random() % 12)},
                  {"tier", static_cast<std::uint32_t>(random() % 5 + 1),
                   static_cast<std::uint32_t>(random() % 12)}};
    world.policy.exploration.kind = static_cast<ExplorationKind>(random() % 3);
    world.policy.exploration.epsilon = 0.3;
    world.request().set_seed(random());
    if (random() % 2 == 0) {
      world.diversity_facts = {"category", "partner"};
      world.policy.diversity.lambda = 0.4;
      world.policy.diversity.within = 6;
    }
    const std::uint32_t limit = static_cast<std::uint32_t>(random() % 15);
    const auto placed = world.run(limit);
    const auto count = [&](const std::vector<int>& values, int value, std::size_t slots) {
      int found = 0;
      for (std::size_t i = 0; i < std::min(slots, placed.size()); ++i)
        found += values[placed[i].row] == value ? 1 : 0;
      return static_cast<std::uint32_t>(found);
    };
    for (int value = 1; value < 4; ++value) {
      CHECK(count(partner, value, world.caps[0].within) <= world.caps[0].max);
      CHECK(count(tier, value, world.caps[1].within) <= world.caps[1].max);
    }
    // Where the ranking stopped early, every other row would have broken a cap.
    std::vector<bool> is_placed(n);
    for (const Placed& one : placed) {
      CHECK(!is_placed[one.row]);
      is_placed[one.row] = true;
      CHECK(one.propensity > 0.0);
      CHECK(one.propensity <= 1.0);
    }
    const std::size_t slot = placed.size() + 1;
    if (limit != 0 && slot > limit) continue;
    for (std::uint32_t i = 0; i < n; ++i) {
      const bool is_blocked = (partner[i] != 0 && slot <= world.caps[0].within &&
                               count(partner, partner[i], n) >= world.caps[0].max) ||
                              (tier[i] != 0 && slot <= world.caps[1].within &&
                               count(tier, tier[i], n) >= world.caps[1].max);
      CHECK((is_placed[i] || is_blocked));
    }
  }
}

// Each slot's best row that no cap forbids there, by counting what stands above it.
std::string reference_capped(const std::vector<std::vector<int>>& values, const std::vector<Cap>& caps,
                             Slots* world, std::uint32_t limit) {
  std::vector<std::uint32_t> placed;
  const std::size_t n = world->score.size();
  while (placed.size() < n && (limit == 0 || placed.size() < limit)) {
    std::uint32_t best = static_cast<std::uint32_t>(n);
    for (std::uint32_t i = 0; i < n; ++i) {
      bool is_feasible = std::find(placed.begin(), placed.end(), i) == placed.end();
      for (std::size_t cap = 0; cap < caps.size(); ++cap) {
        const std::vector<int>& value = values[cap % values.size()];
        if (value[i] == 0 || placed.size() >= caps[cap].within) continue;
        const auto standing = std::count_if(placed.begin(), placed.end(),
                                            [&](std::uint32_t row) { return value[row] == value[i]; });
        is_feasible = is_feasible && standing < caps[cap].max;
      }
      if (is_feasible && (best == n || world->score[i] > world->score[best])) best = i;
    }
    if (best == n) break;
    placed.push_back(best);
  }
  std::vector<Placed> rows;
  for (const std::uint32_t row : placed) rows.push_back({row, 1, false});
  return world->ids(rows);
}

TEST_CASE("under several caps that end at different slots, each slot has the best that may stand there") {
  std::mt19937_64 random(11);
  for (int round = 0; round < 300; ++round) {
    Slots world;
    const std::size_t n = random() % 60 + 1;
    world.candidates(n);
    std::vector<std::vector<int>> values(2, std::vector<int>(n));
    for (std::uint32_t i = 0; i < n; ++i) {
      world.score.push_back(static_cast<std::int64_t>(random() % 1000000) * 1000 + i);
      values[0][i] = static_cast<int>(random() % 5);   // 0: missing
      values[1][i] = static_cast<int>(random() % 9);
      world.set_groups(i, values[0][i], values[1][i]);
    }
    for (std::uint32_t cap = 0; cap < random() % 6; ++cap)
      world.caps.push_back({cap % 2 == 0 ? "partner" : "tier", static_cast<std::uint32_t>(random() % 6),
                            static_cast<std::uint32_t>(random() % 70)});
    const std::uint32_t limit = static_cast<std::uint32_t>(random() % 80);
    const std::string placed = world.order(limit);
    CHECK(placed == reference_capped(values, world.caps, &world, limit));
  }
}

// Maximal marginal relevance straight from its definition, in scaled relevance.
std::vector<std::uint32_t> reference_mmr(const std::vector<std::int64_t>& score,
                                         const std::vector<std::vector<int>>& facts, double lambda,
                                         std::size_t within) {
  const auto [low, high] = std::minmax_element(score.begin(), score.end());
  std::vector<std::uint32_t> placed;
  while (placed.size() < score.size()) {
    double best_value = -1e300;
    std::uint32_t best = 0;
    for (std::uint32_t i = 0; i < score.size(); ++i) {
      if (std::find(placed.begin(), placed.end(), i) != placed.end()) continue;
      double similarity = 0;
      for (const std::uint32_t other : placed) {
        int equal = 0;
        for (const auto& fact : facts) equal += fact[i] != 0 && fact[i] == fact[other] ? 1 : 0;
        similarity = std::max(similarity, equal / static_cast<double>(facts.size()));
      }
      const double relevance = *low == *high ? 1.0
                                             : static_cast<double>(score[i] - *low) /
                                                   static_cast<double>(*high - *low);
      const double value = placed.size() < within
                               ? (1 - lambda) * relevance - lambda * similarity
                               : relevance;
      if (value > best_value + 1e-12) {
        best_value = value;
        best = i;
      }
    }
    placed.push_back(best);
  }
  return placed;
}

TEST_CASE("diversity is maximal marginal relevance") {
  std::mt19937_64 random(9);
  for (int round = 0; round < 60; ++round) {
    Slots world;
    const std::size_t n = random() % 14 + 2;
    world.candidates(n);
    std::vector<std::vector<int>> facts(2, std::vector<int>(n));
    for (std::uint32_t i = 0; i < n; ++i) {
      // Whole prime-ish steps, so that no two values tie by accident.
      world.score.push_back(static_cast<std::int64_t>(random() % 1000003));
      facts[0][i] = static_cast<int>(random() % 3);
      facts[1][i] = static_cast<int>(random() % 3);
      if (facts[0][i] != 0)
        world.set_offer(i, "category", std::string_view{&"uv"[facts[0][i] - 1], 1});
      if (facts[1][i] != 0) world.set_offer(i, "tier", static_cast<std::int64_t>(facts[1][i]));
    }
    world.diversity_facts = {"category", "tier"};
    world.policy.diversity.lambda = 0.35;
    world.policy.diversity.within = static_cast<std::uint32_t>(random() % 16);
    std::vector<std::uint32_t> rows;
    for (const Placed& one : world.run(0)) rows.push_back(one.row);
    CHECK(rows == reference_mmr(world.score, facts, 0.35, world.policy.diversity.within));
  }
}

TEST_CASE("equal scores still make room for other kinds") {
  Slots world;
  world.candidates({"a", "b", "c"});
  world.score = {7, 7, 7};
  world.set("category", {"x", "x", "y"});
  world.diversity_facts = {"category"};
  world.policy.diversity.lambda = 0.1;
  world.policy.diversity.within = 3;
  CHECK(world.order(0) == "a c b");
}

TEST_CASE("Plackett-Luce picks with softmax probabilities and says so") {
  Slots world;
  world.candidates({"a", "b", "c"});
  world.score = {1000000, 500000, 0};
  world.policy.exploration.kind = ExplorationKind::plackett_luce;
  world.policy.exploration.temperature = 0.5;
  // exp(2), exp(1), exp(0) over their sum.
  const std::map<std::string, double> expected = {
      {"a", 0.66524095577}, {"b", 0.24472847105}, {"c", 0.09003057317}};
  std::map<std::string, int> counts;
  constexpr int rounds = 4000;
  for (int seed = 0; seed < rounds; ++seed) {
    world.request().set_seed(static_cast<std::uint64_t>(seed));
    const auto placed = world.run(0);
    REQUIRE(placed.size() == 3);
    const std::string first(world.request().offer_id(placed[0].row));
    ++counts[first];
    CHECK(std::abs(placed[0].propensity - expected.at(first)) < 1e-9);
    const double left = 1.0 - expected.at(first);
    const std::string second(world.request().offer_id(placed[1].row));
    CHECK(std::abs(placed[1].propensity - expected.at(second) / left) < 1e-9);
    CHECK(placed[2].propensity == 1.0);
  }
  for (const auto& [id, probability] : expected) {   // five standard errors
    const double error = std::sqrt(probability * (1 - probability) / rounds);
    CHECK(std::abs(counts[id] / static_cast<double>(rounds) - probability) < 5 * error);
  }
}

TEST_CASE("epsilon: the best with 1 - e + e / m, any other with e / m; they sum to one") {
  Slots world;
  world.candidates({"a", "b", "c", "d"});
  world.score = {10, 40, 30, 20};
  world.policy.exploration.kind = ExplorationKind::epsilon;
  world.policy.exploration.epsilon = 0.2;
  std::map<std::string, double> propensity;
  std::map<std::string, int> counts;
  constexpr int rounds = 4000;
  for (int seed = 0; seed < rounds; ++seed) {
    world.request().set_seed(static_cast<std::uint64_t>(seed));
    const auto placed = world.run(2);
    propensity[std::string(world.request().offer_id(placed[0].row))] = placed[0].propensity;
    ++counts[std::string(world.request().offer_id(placed[0].row))];
  }
  CHECK(std::abs(propensity["b"] - 0.85) < 1e-12);
  CHECK(std::abs(propensity["a"] - 0.05) < 1e-12);
  double sum = 0;
  for (const auto& [id, value] : propensity) sum += value;
  CHECK(std::abs(sum - 1) < 1e-12);
  const double error = std::sqrt(0.85 * 0.15 / rounds);
  CHECK(std::abs(counts["b"] / static_cast<double>(rounds) - 0.85) < 5 * error);
}

TEST_CASE("extreme worths keep their probabilities") {
  double worth[] = {1e300, -1e300, 1e300};
  const Draw draw = draw_plackett_luce(1e-300, worth, 3, 1);
  CHECK(draw.index != 1);
  CHECK(draw.propensity == 0.5);
  Slots world;
  world.candidates({"a", "b"});
  world.score = {INT64_MAX, INT64_MIN};
  world.policy.exploration.kind = ExplorationKind::plackett_luce;
  world.diversity_facts = {"category"};
  world.policy.diversity.lambda = 0.5;
  world.policy.diversity.within = 2;
  CHECK(world.order(0) == "a b");
}

TEST_CASE("the order of the request's candidates never changes the ranking") {
  std::mt19937_64 random(21);
  for (int round = 0; round < 40; ++round) {
    std::vector<std::string> ids;
    std::vector<std::int64_t> scores;
    std::vector<int> kinds;
    const std::size_t n = random() % 20 + 2;
    for (std::size_t i = 0; i < n; ++i) {
      ids.push_back("o" + std::to_string(i));
      scores.push_back(static_cast<std::int64_t>(random() % 5) * 400000);
      kinds.push_back(static_cast<int>(random() % 3));
    }
    const auto kind = static_cast<ExplorationKind>(round % 3);
    const std::uint64_t seed = random();
    const bool is_diverse = random() % 2 == 0, is_capped = random() % 2 == 0;
    std::string first;
    for (int shuffle = 0; shuffle < 4; ++shuffle) {
      std::vector<std::size_t> order(n);
      for (std::size_t i = 0; i < n; ++i) order[i] = i;
      std::shuffle(order.begin(), order.end(), random);
      Slots world;
      std::vector<std::string> shuffled;
      for (const std::size_t i : order) shuffled.push_back(ids[i]);
      world.candidates(shuffled);
      for (std::uint32_t row = 0; row < n; ++row) {
        world.score.push_back(scores[order[row]]);
        if (kinds[order[row]] != 0)
          world.set_offer(row, "category", std::string_view{&"uv"[kinds[order[row]] - 1], 1});
      }
      if (is_capped) world.caps = {{"category", 2, 6}};
      if (is_diverse) world.diversity_facts = {"category"};
      world.policy.diversity.lambda = is_diverse ? 0.3 : 0.0;
      world.policy.diversity.within = 8;
      world.policy.exploration = {kind, 0.5, 0.7};
      world.mandated = {{"o1", "", 2}};
      world.request().set_seed(seed);
      std::string text;
      for (const Placed& one : world.run(10)) {
        text += std::string(world.request().offer_id(one.row)) + "=";
        char digits[40];
        std::snprintf(digits, sizeof digits, "%a ", one.propensity);
        text += digits;
      }
      if (shuffle == 0) first = text;
      CHECK(text == first);
    }
  }
}

TEST_CASE("guardrails remove what is false or unknown, and nothing brings it back") {
  Slots world;
  const std::uint32_t p = world.add(Namespace::probability, "approve", FactType::f64);
  world.candidates({"a", "b", "c"});
  world.set("partner", {"x", "", "x"});
  world.guardrails = {{"floor", "p.approve >= 0.05", "", ""},
                      {"known", "offer.partner == 'x'", "", ""}};
  world.mandated = {{"b", "", 1}, {"a", "", 1}};
  REQUIRE(world.prepare() == Status::ok);
  world.open();
  const double approve[] = {0.01, 0.5, 0.5};
  Column column;
  column.type = FactType::f64;
  column.n_rows = 3;
  column.numbers = approve;
  world.frame.set_column(p, column);
  ExclusionList exclusions(&world.session);
  std::span<const std::uint32_t> kept;
  REQUIRE(apply_guardrails(world.plan, &world.frame, &exclusions, &kept) == Status::ok);
  REQUIRE(kept.size() == 1);
  CHECK(kept[0] == 2);
  REQUIRE(exclusions.exclusions().size() == 2);
  const Exclusion first = exclusions.exclusions()[0], second = exclusions.exclusions()[1];
  CHECK(first.stage == ExclusionStage::guardrail);
  CHECK(exclusions.reasons(first)[0].value == ReasonValue::is_false);
  CHECK(exclusions.reasons(first)[0].kind == ReasonKind::guardrail);
  CHECK(exclusions.reasons(second)[0].value == ReasonValue::unknown);
  CHECK(exclusions.reasons(second)[0].index == 1);
  const std::int64_t score[] = {1};
  std::span<const Placed> placed;
  REQUIRE(place(world.plan, &world.frame, score, 0, &placed) == Status::ok);
  REQUIRE(placed.size() == 1);
  CHECK(world.request().offer_id(world.frame.rows()[placed[0].row]) == "c");
}

TEST_CASE("plans are checked") {
  Slots world;
  world.add(Namespace::candidate, "race", FactType::string, true, true);
  world.offer("tags", FactType::string_list);
  world.caps = {{"nothing", 1, 3}};
  CHECK(world.prepare() == Status::name);
  CHECK(world.error.where() == "placement.caps[0].fact");
  world.caps = {{"race", 1, 3}};
  CHECK(world.prepare() == Status::protected_fact);
  world.caps = {};
  world.diversity_facts = {"tags"};
  CHECK(world.prepare() == Status::typecheck);
  world.diversity_facts = {};
  world.policy.diversity.lambda = std::nan("");
  CHECK(world.prepare() == Status::verify);
  world.policy.diversity.lambda = 0;
  world.policy.exploration = {ExplorationKind::plackett_luce, 0, 0.0};
  CHECK(world.prepare() == Status::verify);
  world.policy.exploration = {ExplorationKind::epsilon, 1.5, 1};
  CHECK(world.prepare() == Status::verify);
}

TEST_CASE("no rows") {
  Slots world;
  world.candidates(0);
  world.mandated = {{"a", "", 1}};
  world.policy.exploration = {ExplorationKind::plackett_luce, 0, 1};
  CHECK(world.run(5).empty());
}

}  // namespace
}  // namespace guardrank::testing
