#include "models/audit/alternatives/search.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "models/audit/alternatives/standing.h"
#include "models/audit/statistics/random.h"
#include "models/pack/pack_error.h"

namespace guardrank::audit {
namespace {

// Features that a round of dropping tries: those whose own removal did most for the ratio.
constexpr std::size_t tries_per_round = 4;
constexpr std::uint64_t split_stream = 1, weights_stream = 2;

// Sums of parts times what is kept of them.
std::vector<double> weighted_scores(std::span<const double> parts, std::span<const double> kept) {
  std::vector<double> scores(parts.size() / kept.size());
  for (std::size_t i = 0; i < scores.size(); ++i)
    for (std::size_t f = 0; f < kept.size(); ++f) scores[i] += kept[f] * parts[i * kept.size() + f];
  return scores;
}

class Search {
 public:
  Search(const SearchInput& input, const StepProgress& progress)
      : input_(input),
        progress_(progress),
        n_features_(input.design->features.size()),
        measured_{input.population, input.parts->validation, input.contrasts, input.select_rate} {
    for (Outcome outcome : input.population->outcomes)
      labels_.push_back(outcome == Outcome::favorable ? 1 : 0);
  }

  Found run() {
    step("fitting", 0, 1);
    found_.full = fit(std::vector<bool>(n_features_, true), nullptr);
    parts_ = feature_parts(*input_.design, found_.full, input_.parts->validation);
    Alternative full;
    full.kept.assign(n_features_, 1);
    full.model = found_.full;
    full.validation = measure(weighted_scores(parts_, full.kept));
    found_.tried.push_back(full);
    drop();
    weigh();
    choose();
    return std::move(found_);
  }

 private:
  void step(const char* name, std::uint64_t done, std::uint64_t total) const {
    if (progress_) progress_(name, done, total);
  }

  LogisticModel fit(const std::vector<bool>& is_used, const LogisticModel* start) const {
    return fit_logistic_model(
        {input_.design, input_.parts->fit, labels_, input_.population->weights}, is_used, start);
  }

  Figures measure(const std::vector<double>& scores) const {
    return ScoreMeasure(measured_, scores).measure({});
  }

  double least_auc() const { return found_.tried[0].validation.auc - input_.choice->max_loss; }
  bool is_allowed(const Alternative& alternative) const {
    return alternative.validation.auc >= least_auc();
  }

  // The alternative without the features that `kept` has at 0, fitted again; its place in `tried`.
  std::size_t try_drop(const std::vector<double>& kept, const LogisticModel& start) {
    Alternative alternative;
    alternative.is_refit = true;
    alternative.kept = kept;
    std::vector<bool> is_used;
    for (double share : kept) is_used.push_back(share > 0);
    alternative.model = fit(is_used, &start);
    const std::vector<double> ones(n_features_, 1);
    alternative.validation = measure(weighted_scores(
        feature_parts(*input_.design, alternative.model, input_.parts->validation), ones));
    found_.tried.push_back(std::move(alternative));
    return found_.tried.size() - 1;
  }

  // Each feature dropped alone; then, from the best set so far, one more at a time while the ratio
  // rises and the loss stays within its bound.
  void drop() {
    if (n_features_ < 2) return;
    std::vector<std::pair<double, std::size_t>> order;    // change of the ratio, feature
    for (std::size_t f = 0; f < n_features_; ++f) {
      step("dropping features", f, n_features_);
      std::vector<double> kept(n_features_, 1);
      kept[f] = 0;
      const std::size_t at = try_drop(kept, found_.full);
      order.emplace_back(-found_.tried[at].validation.worst_air, f);
    }
    std::sort(order.begin(), order.end());
    std::size_t best = 0;
    for (std::size_t n_dropped = 0; n_dropped + 1 < n_features_; ++n_dropped) {
      step("dropping features", n_features_ + n_dropped, 2 * n_features_);
      const std::size_t next = drop_one_more(best, order);
      if (next == best) break;
      best = next;
    }
  }

  std::size_t drop_one_more(std::size_t from,
                            const std::vector<std::pair<double, std::size_t>>& order) {
    std::size_t best = from, n_tries = 0;
    for (const auto& [unused, f] : order) {
      std::vector<double> kept = found_.tried[from].kept;
      if (kept[f] == 0) continue;
      if (++n_tries > tries_per_round) break;
      kept[f] = 0;
      const LogisticModel start = found_.tried[from].model;
      const std::size_t at = try_drop(kept, start);
      const Alternative& tried = found_.tried[at];
      if (is_allowed(tried) && tried.validation.worst_air > found_.tried[best].validation.worst_air)
        best = at;
    }
    return best;
  }

  // Random weights of features: the first half anew, the second near the best one within the loss.
  void weigh() {
    Random random(input_.seed, weights_stream);
    std::vector<double> best(n_features_, 1);
    double best_air = found_.tried[0].validation.worst_air;
    for (std::uint64_t i = 0; i < input_.choice->search; ++i) {
      if (i % 16 == 0) step("weighting features", i, input_.choice->search);
      const bool is_near = i >= input_.choice->search / 2;
      Alternative alternative;
      alternative.kept = is_near ? best : std::vector<double>(n_features_, 1);
      for (double& share : alternative.kept) {
        const double chance = is_near ? 1.5 / static_cast<double>(n_features_) : 0.5;
        if (random.uniform() < chance) share = 0.25 * static_cast<double>(random.below(5));
      }
      alternative.validation = measure(weighted_scores(parts_, alternative.kept));
      if (is_allowed(alternative) && alternative.validation.worst_air > best_air) {
        best = alternative.kept;
        best_air = alternative.validation.worst_air;
      }
      found_.tried.push_back(std::move(alternative));
    }
  }

  void choose() {
    std::vector<Standing> standings;
    for (const Alternative& tried : found_.tried)
      standings.push_back({tried.validation.auc, tried.validation.worst_air});
    found_.frontier = find_frontier(standings);
    const auto best = [&](bool is_refit) {
      return find_best(standings, least_auc(),
                       [&](std::size_t at) { return found_.tried[at].is_refit == is_refit; });
    };
    found_.best_drop = best(true);
    found_.best_weights = best(false);
  }

  const SearchInput& input_;
  const StepProgress& progress_;
  std::size_t n_features_;
  MeasuredRows measured_;
  std::vector<std::uint8_t> labels_;
  std::vector<double> parts_;            // of the full model, on the validation rows
  Found found_;
};

// Of more than `n` so many, drawn: rows often stand in order of time, or of their outcomes.
void draw_rows(std::size_t n, Random* random, std::vector<std::size_t>* rows) {
  if (rows->size() <= n) return;
  for (std::size_t i = 0; i < n; ++i) {
    const auto further = static_cast<std::size_t>(random->uniform() * static_cast<double>(rows->size() - i));
    std::swap((*rows)[i], (*rows)[i + further]);
  }
  rows->resize(n);
  std::sort(rows->begin(), rows->end());
}

}  // namespace

Parts split_rows(const Population& population, const AlternativesChoice& choice,
                 std::uint64_t seed) {
  Parts parts;
  Random random(seed, split_stream);
  for (std::size_t row = 0; row < population.n_rows; ++row) {
    const double place = random.uniform();
    if (population.outcomes[row] == Outcome::missing || !(population.weight(row) > 0)) continue;
    (place < 0.5 ? parts.fit : place < 0.75 ? parts.validation : parts.test).push_back(row);
  }
  draw_rows(choice.fit_rows, &random, &parts.fit);
  for (const auto* part : {&parts.fit, &parts.validation, &parts.test}) {
    const auto n_good = std::count_if(part->begin(), part->end(), [&](std::size_t row) {
      return population.outcomes[row] == Outcome::favorable;
    });
    if (n_good < 10 || static_cast<std::ptrdiff_t>(part->size()) - n_good < 10)
      throw pack::PackError(Status::argument, "population",
                            "too few rows of both outcomes to search for alternatives: fitting, "
                            "choosing and testing each want 10 of either");
  }
  return parts;
}

std::vector<double> alternative_scores(const Design& design, const LogisticModel& full,
                                       const Alternative& alternative,
                                       std::span<const std::size_t> rows) {
  const std::vector<double> ones(design.features.size(), 1);
  return alternative.is_refit
             ? weighted_scores(feature_parts(design, alternative.model, rows), ones)
             : weighted_scores(feature_parts(design, full, rows), alternative.kept);
}

Found search_alternatives(const SearchInput& input, const StepProgress& progress) {
  return Search(input, progress).run();
}

}  // namespace guardrank::audit
