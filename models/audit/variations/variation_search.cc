#include "models/audit/variations/variation_search.h"

#include <algorithm>
#include <cmath>

#include "models/audit/statistics/random.h"

namespace guardrank::audit {
namespace {

constexpr std::uint64_t draws_stream = 3;        // of the seed; the population's search has 1 and 2
// Where between its bounds a parameter is tried alone, the ends first.
constexpr double grid[] = {0, 1, 0.5, 0.25, 0.75};
constexpr std::size_t tries_per_round = 4;       // moves that a round adds to the best so far
constexpr std::size_t draws_per_round = 16;
constexpr std::uint64_t steps_of_range = 32;     // a drawn value is a whole number of these
constexpr std::size_t most_repeats = 200;        // draws of what was tried, until there is nothing else
// Of the best one's gain: with this much, fewer moves are better. What the rest adds is mostly chance.
constexpr double enough = 0.95;
constexpr std::uint64_t share_of_simplifying = 4;   // a quarter of the search takes moves back

// Whether facts are withheld, and whether parameters are changed.
struct Kind {
  bool withholds, changes;
};
constexpr Kind kinds[] = {{true, false}, {false, true}, {true, true}};

class VariationSearch {
 public:
  VariationSearch(const Moves& moves, const VariationsChoice& choice, std::uint64_t seed,
                  const Judging& judging)
      : moves_(moves), choice_(choice), judging_(judging), random_(seed, draws_stream) {}

  FoundVariations run() {
    add_singles();
    combine();
    draw();
    for (const Kind& kind : kinds) simplify(kind);
    found_.frontier = find_frontier(found_.standings);
    choose();
    return std::move(found_);
  }

 private:
  std::size_t n_left() const { return choice_.search + 1 - found_.tried.size(); }
  bool is_new(const Variation& variation) const {
    return std::find(found_.tried.begin(), found_.tried.end(), variation) == found_.tried.end();
  }

  // As many as there is room for.
  void judge(std::vector<Variation> variations) {
    if (variations.size() > n_left()) variations.resize(n_left());
    const std::vector<Standing> standings = judging_(variations);
    found_.tried.insert(found_.tried.end(), variations.begin(), variations.end());
    found_.standings.insert(found_.standings.end(), standings.begin(), standings.end());
  }

  // Facts, then parameters at the points of the grid.
  void add_singles() {
    const Variation deployed = as_deployed(moves_);
    std::vector<Variation> singles;
    for (std::size_t i = 0; i < moves_.facts.size(); ++i) {
      singles.push_back(deployed);
      singles.back().is_withheld[i] = 1;
    }
    for (const double share : grid) {
      for (std::size_t i = 0; i < moves_.parameters.size(); ++i) {
        Variation single = deployed;
        single.values[i] = moves_.parameters[i].at(share);
        if (single != deployed) singles.push_back(std::move(single));
      }
    }
    found_.n_single = std::min<std::size_t>(singles.size(), choice_.search);
    found_.n_untried = singles.size() - found_.n_single;
    singles.resize(found_.n_single);
    singles.insert(singles.begin(), deployed);
    judge(std::move(singles));
    const double value = found_.standings[0].worth;
    found_.least_value = value - choice_.max_value_loss * std::fabs(value);
  }

  std::optional<std::size_t> best() const {
    return find_best(found_.standings, found_.least_value, [](std::size_t) { return true; });
  }

  // `move` made on top of `base`: what differs in the single move from what is deployed.
  Variation combined(const Variation& base, const Variation& move) const {
    Variation out = base;
    const Variation& deployed = found_.tried[0];
    for (std::size_t i = 0; i < out.is_withheld.size(); ++i)
      out.is_withheld[i] = base.is_withheld[i] != 0 || move.is_withheld[i] != 0 ? 1 : 0;
    for (std::size_t i = 0; i < out.values.size(); ++i)
      if (move.values[i] != deployed.values[i]) out.values[i] = move.values[i];
    return out;
  }

  // Single moves that raise the ratio, by how much.
  std::vector<std::size_t> promising() const {
    std::vector<std::size_t> order;
    for (std::size_t at = 1; at <= found_.n_single; ++at)
      if (found_.standings[at].air > found_.standings[0].air) order.push_back(at);
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return found_.standings[a].air > found_.standings[b].air;
    });
    return order;
  }

  // From the best so far, one more move at a time while the ratio rises and the loss stays in bounds.
  void combine() {
    const std::vector<std::size_t> order = promising();
    for (std::optional<std::size_t> from = best(); from && n_left() > 0;) {
      std::vector<Variation> round;
      for (const std::size_t at : order) {
        if (round.size() == tries_per_round) break;
        add_new(combined(found_.tried[*from], found_.tried[at]), &round);
      }
      if (round.empty()) return;
      judge(std::move(round));
      const std::optional<std::size_t> next = best();
      if (next == from) return;
      from = next;
    }
  }

  // The first half of what is left anew, the second near the best within the loss.
  void draw() {
    const std::size_t n_kept = choice_.search / share_of_simplifying;
    const std::size_t n_near = n_kept + (n_left() > n_kept ? (n_left() - n_kept) / 2 : 0);
    while (n_left() > n_kept) {
      std::vector<Variation> round;
      std::size_t n_repeats = 0;
      const std::size_t n_wanted = std::min(draws_per_round, n_left() - n_kept);
      while (round.size() < n_wanted && n_repeats < most_repeats) {
        const bool is_near = n_left() <= n_near + round.size();
        Variation drawn = is_near ? drawn_near(found_.tried[best().value_or(0)]) : drawn_anew();
        if (!add_new(std::move(drawn), &round)) ++n_repeats;
      }
      if (round.empty()) return;
      judge(std::move(round));
    }
  }

  // What was neither tried nor stands in the round; false otherwise.
  bool add_new(Variation variation, std::vector<Variation>* round) const {
    if (!is_new(variation) || std::find(round->begin(), round->end(), variation) != round->end())
      return false;
    round->push_back(std::move(variation));
    return true;
  }

  // One move less at a time, while enough of the gain stays.
  void simplify(const Kind& kind) {
    for (std::optional<std::size_t> from = simplest(kind); from && n_left() > 0;) {
      std::vector<Variation> round;
      const Variation& deployed = found_.tried[0];
      for (std::size_t i = 0; i < deployed.is_withheld.size(); ++i) {
        Variation less = found_.tried[*from];
        less.is_withheld[i] = 0;
        add_new(std::move(less), &round);
      }
      for (std::size_t i = 0; i < deployed.values.size(); ++i) {
        Variation less = found_.tried[*from];
        less.values[i] = deployed.values[i];
        add_new(std::move(less), &round);
      }
      if (round.empty()) return;
      judge(std::move(round));
      const std::optional<std::size_t> next = simplest(kind);
      if (next == from) return;
      from = next;
    }
  }

  double drawn_value(const ParameterMove& move) {
    const auto step = static_cast<double>(random_.below(steps_of_range + 1));
    return move.at(step / static_cast<double>(steps_of_range));
  }

  Variation drawn_anew() {
    Variation drawn = as_deployed(moves_);
    for (std::uint8_t& is_withheld : drawn.is_withheld)
      is_withheld = random_.uniform() < 0.25 ? 1 : 0;
    for (std::size_t i = 0; i < drawn.values.size(); ++i)
      if (random_.uniform() < 0.5) drawn.values[i] = drawn_value(moves_.parameters[i]);
    return drawn;
  }

  Variation drawn_near(Variation drawn) {
    const auto n = static_cast<double>(drawn.is_withheld.size() + drawn.values.size());
    for (std::uint8_t& is_withheld : drawn.is_withheld)
      if (random_.uniform() < 1.5 / n) is_withheld ^= 1;
    for (std::size_t i = 0; i < drawn.values.size(); ++i)
      if (random_.uniform() < 1.5 / n) drawn.values[i] = drawn_value(moves_.parameters[i]);
    return drawn;
  }

  bool is_of(std::size_t at, const Kind& kind) const {
    return (n_withheld(found_.tried[at]) != 0) == kind.withholds &&
           (n_changed(moves_, found_.tried[at]) != 0) == kind.changes;
  }

  double gain(std::size_t at) const { return found_.standings[at].air - found_.standings[0].air; }

  // The fewest moves that bring enough of the kind's best gain; of equals the best.
  std::optional<std::size_t> simplest(const Kind& kind) const {
    std::optional<std::size_t> chosen =
        find_best(found_.standings, found_.least_value,
                  [&](std::size_t at) { return is_of(at, kind); });
    if (!chosen) return {};
    const double wanted = enough * gain(*chosen);
    std::size_t fewest = n_moves(moves_, found_.tried[*chosen]);
    for (std::size_t at = 1; at < found_.tried.size(); ++at) {
      const std::size_t n = n_moves(moves_, found_.tried[at]);
      const bool is_allowed = is_of(at, kind) && found_.standings[at].worth >= found_.least_value;
      if (!is_allowed || !(gain(at) >= wanted) || n > fewest) continue;
      if (n < fewest || gain(at) > gain(*chosen)) chosen = at;
      fewest = n;
    }
    return chosen;
  }

  // Facts alone, parameters alone, and both where that gains more than either.
  void choose() {
    double highest = 0;
    for (const Kind& kind : kinds) {
      const std::optional<std::size_t> at = simplest(kind);
      const bool is_both = kind.withholds && kind.changes;
      if (!at || (is_both && !(enough * gain(*at) > highest))) continue;
      highest = std::max(highest, gain(*at));
      found_.chosen.push_back(*at);
    }
  }

  const Moves& moves_;
  const VariationsChoice& choice_;
  const Judging& judging_;
  Random random_;
  FoundVariations found_;
};

}  // namespace

FoundVariations search_variations(const Moves& moves, const VariationsChoice& choice,
                                  std::uint64_t seed, const Judging& judging) {
  return VariationSearch(moves, choice, seed, judging).run();
}

}  // namespace guardrank::audit
