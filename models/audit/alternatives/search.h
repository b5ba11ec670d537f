// The search for less discriminatory alternatives: other feature sets and other weights of
// features, judged by AUC and the worst adverse impact ratio.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "models/audit/alternatives/logistic_model.h"
#include "models/audit/alternatives/measure.h"

namespace guardrank::audit {

// By feature, how much of the full model's part is kept. Dropping refits the others; weighting does
// not. Groups play no part in a fit, only in the choice among fits.
struct Alternative {
  bool is_refit = false;             // features dropped, the rest fitted again
  std::vector<double> kept;          // 0 to 1 by feature
  LogisticModel model;               // where is_refit
  Figures validation;
};

// Rows by what they are used for; drawn by the seed, alike on every machine.
struct Parts {
  std::vector<std::size_t> fit, validation, test;
};
Parts split_rows(const Population& population, const AlternativesChoice& choice,
                 std::uint64_t seed);

struct SearchInput {
  const Population* population;
  const Design* design;
  const Parts* parts;
  std::span<const Contrast> contrasts;
  double select_rate;
  const AlternativesChoice* choice;
  std::uint64_t seed;
};

using StepProgress = std::function<void(const char* step, std::uint64_t done, std::uint64_t total)>;

struct Found {
  LogisticModel full;
  std::vector<Alternative> tried;            // the first is the full model
  std::vector<std::size_t> frontier;         // not beaten on both figures, by AUC from the best
  std::optional<std::size_t> best_drop,
      best_weights;  // within max_loss, better than the full model, on the rows that choose
};
Found search_alternatives(const SearchInput& input, const StepProgress& progress);

// Scores of an alternative on rows.
std::vector<double> alternative_scores(const Design& design, const LogisticModel& full,
                                       const Alternative& alternative,
                                       std::span<const std::size_t> rows);

}  // namespace guardrank::audit
