#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "models/audit/alternatives/standing.h"
#include "models/audit/variations/half.h"
#include "models/audit/variations/variation_search.h"

using namespace guardrank::audit;
using doctest::Approx;

namespace {

constexpr double not_known = std::numeric_limits<double>::quiet_NaN();

Moves some_moves(std::size_t n_facts, std::size_t n_parameters) {
  Moves moves;
  for (std::size_t i = 0; i < n_facts; ++i) moves.facts.push_back({0, "ctx." + std::to_string(i)});
  for (std::size_t i = 0; i < n_parameters; ++i)
    moves.parameters.push_back({i, "param." + std::to_string(i), 1, 0, 4});
  return moves;
}

// How a variation would stand, as a formula.
using Formula = std::function<Standing(const Variation&)>;

FoundVariations search(const Moves& moves, const VariationsChoice& choice, const Formula& formula,
                       std::size_t* n_judged = nullptr) {
  return search_variations(moves, choice, 1, [&](std::span<const Variation> variations) {
    std::vector<Standing> standings;
    for (const Variation& variation : variations) standings.push_back(formula(variation));
    if (n_judged != nullptr) *n_judged += variations.size();
    return standings;
  });
}

}  // namespace

TEST_CASE("the frontier holds what nothing beats on both figures") {
  const std::vector<Standing> tried = {{10, 0.5}, {9, 0.6}, {11, 0.4}, {9, 0.7}, {8, 0.65},
                                       {12, not_known}};
  CHECK(find_frontier(tried) == std::vector<std::size_t>{2, 0, 1, 3});
  const auto all = [](std::size_t) { return true; };
  CHECK(find_best(tried, 9, all) == 3);
  CHECK(find_best(tried, 9.5, all) == std::nullopt);            // 2 is worth more and no better
  CHECK(find_best(tried, 9, [](std::size_t at) { return at < 3; }) == 1);
}

TEST_CASE("a group ahead of its reference is as far from parity as one behind") {
  CHECK(parity_of(0.8) == 0.8);
  CHECK(parity_of(1.25) == Approx(0.8));
  CHECK(parity_of(1) == 1);
  CHECK(parity_of(std::numeric_limits<double>::infinity()) == 0);
  CHECK(std::isnan(parity_of(not_known)));
}

TEST_CASE("figures of groups by hand, as they stand and drawn again") {
  Half half;
  half.lines.resize(5);
  half.codes = {{0, 0, 1, 1, no_group}};
  const std::vector<Contrast> contrasts = {{"group", "b", "a", 0, 1, 0}};
  // Group a: shown both, reach 0.4 and 0.2. Group b: shown one, reach 0.6 and 0. Nobody's: value alone.
  const Outcomes outcomes = {{true, 0.4, 3}, {true, 0.2, 1}, {true, 0.6, 4}, {false, 0, 0},
                             {true, 0.9, 7}};
  const HalfMeasure shown(half, contrasts, Judge::shown), reach(half, contrasts, Judge::reach);
  CHECK(shown.standing(outcomes, {}).worth == 3);
  CHECK(shown.standing(outcomes, {}).air == 0.5);
  CHECK(reach.standing(outcomes, {}).air == Approx(1));         // 0.3 and 0.3
  // The first of a and the first of b drawn twice, the other of b not at all: 1 of 1 against 1 of 1,
  // reach 0.6 against (0.4 + 0.4 + 0.2) / 3; value (6 + 1 + 8) / 5.
  const std::vector<std::uint32_t> counts = {2, 1, 2, 0, 0};
  CHECK(shown.standing(outcomes, counts).worth == 3);
  CHECK(shown.standing(outcomes, counts).air == 1);
  CHECK(reach.figures(outcomes, counts)[0].reach_ratio() == Approx(1.8));
  CHECK(reach.standing(outcomes, counts).air == Approx(1 / 1.8));
  // Nobody of the reference is drawn: no ratio.
  const std::vector<std::uint32_t> none = {0, 0, 1, 2, 2};
  CHECK(std::isnan(shown.standing(outcomes, none).air));
}

TEST_CASE("moves that help together are found together, within the loss and the budget") {
  // Facts 0 and 1 raise the ratio and cost 1 each, fact 2 raises it most and costs 30 of 100; the rest
  // do nothing.
  const Formula formula = [](const Variation& variation) {
    Standing standing{100, 0.5};
    standing.worth -= variation.is_withheld[0] + variation.is_withheld[1] +
                      30.0 * variation.is_withheld[2];
    standing.air += 0.1 * variation.is_withheld[0] + 0.15 * variation.is_withheld[1] +
                    0.2 * variation.is_withheld[2];
    return standing;
  };
  VariationsChoice choice;
  choice.max_value_loss = 0.02;
  choice.search = 40;
  const Moves moves = some_moves(6, 0);
  std::size_t n_judged = 0;
  const FoundVariations found = search(moves, choice, formula, &n_judged);
  CHECK(found.least_value == 98);
  CHECK(found.n_single == 6);
  CHECK(n_judged <= 41);
  CHECK(n_judged == found.tried.size());
  REQUIRE(found.chosen.size() == 1);
  const Variation& best = found.tried[found.chosen[0]];
  CHECK(best.is_withheld == std::vector<std::uint8_t>{1, 1, 0, 0, 0, 0});
  choice.max_value_loss = 0.01;                                 // room for one of them
  const FoundVariations one = search(moves, choice, formula);
  REQUIRE(one.chosen.size() == 1);
  CHECK(one.tried[one.chosen[0]].is_withheld == std::vector<std::uint8_t>{0, 1, 0, 0, 0, 0});
  choice.max_value_loss = 0;
  CHECK(search(moves, choice, formula).chosen.empty());
}

TEST_CASE("of what gains nearly as much the fewest moves are chosen") {
  // Every move adds a hair to what parameter 1 at its end and fact 2 bring.
  const Moves moves = some_moves(4, 3);
  const Formula formula = [&](const Variation& variation) {
    const double hair = 0.0005 * static_cast<double>(n_moves(moves, variation));
    return Standing{100, 0.5 + hair + 0.05 * variation.values[1] +
                             0.15 * variation.is_withheld[2]};
  };
  VariationsChoice choice;
  choice.search = 200;
  const FoundVariations found = search(moves, choice, formula);
  REQUIRE(found.chosen.size() == 3);
  const Variation &facts = found.tried[found.chosen[0]], &parameters = found.tried[found.chosen[1]],
                  &both = found.tried[found.chosen[2]];
  CHECK(facts.is_withheld == std::vector<std::uint8_t>{0, 0, 1, 0});
  CHECK(facts.values == std::vector<double>{1, 1, 1});
  CHECK(parameters.is_withheld == std::vector<std::uint8_t>{0, 0, 0, 0});
  CHECK(parameters.values == std::vector<double>{1, 4, 1});
  CHECK(n_moves(moves, both) == 2);
  CHECK(both.values[1] == 4);
  CHECK(both.is_withheld[2] == 1);
}

TEST_CASE("a small search tries the first moves and says what it left") {
  const Moves moves = some_moves(3, 2);
  VariationsChoice choice;
  choice.search = 4;
  const FoundVariations found =
      search(moves, choice, [](const Variation&) { return Standing{1, 0.5}; });
  CHECK(found.tried.size() == 5);
  CHECK(found.n_single == 4);
  CHECK(found.n_untried == 3 + 2 * 4 - 4);                      // a quarter up is what is deployed
  CHECK(found.tried[0] == as_deployed(moves));
  CHECK(found.tried[4].values == std::vector<double>{0, 1});    // the first parameter's lower end
  CHECK(found.chosen.empty());
}
