#include "models/audit/alternatives/measure.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace guardrank::audit {
namespace {

// Sums over rows in order of score, the best first.
class Sweep {
 public:
  Sweep(const Population& population, double to_select)
      : population_(population), left_(to_select) {
    for (const Attribute& attribute : population.attributes) {
      selected_.emplace_back(attribute.groups.size(), 0.0);
      total_.emplace_back(attribute.groups.size(), 0.0);
    }
  }

  // One set of rows with equal scores; rows and weights alike long.
  void add(std::span<const std::size_t> rows, std::span<const double> weights) {
    double good = 0, bad = 0;
    for (std::size_t i = 0; i < rows.size(); ++i)
      (population_.outcomes[rows[i]] == Outcome::favorable ? good : bad) += weights[i];
    const double tied = good + bad;
    const double part = tied > 0 ? std::clamp(left_ / tied, 0.0, 1.0) : 0;
    left_ -= part * tied;
    for (std::size_t i = 0; i < rows.size(); ++i) select(rows[i], weights[i], part);
    pairs_ += bad * (good_ + good / 2);
    good_ += good;
    bad_ += bad;
  }

  double auc() const { return pairs_ / (good_ * bad_); }
  double rate(std::size_t attribute, std::uint32_t group) const {
    return selected_[attribute][group] / total_[attribute][group];
  }

 private:
  void select(std::size_t row, double weight, double part) {
    for (std::size_t a = 0; a < population_.attributes.size(); ++a) {
      const std::uint32_t code = population_.attributes[a].codes[row];
      if (code == no_group) continue;
      total_[a][code] += weight;
      selected_[a][code] += part * weight;
    }
  }

  const Population& population_;
  double left_, good_ = 0, bad_ = 0, pairs_ = 0;
  std::vector<std::vector<double>> selected_, total_;    // weights by attribute and group
};

}  // namespace

ScoreMeasure::ScoreMeasure(const MeasuredRows& what, std::span<const double> scores)
    : what_(what), order_(scores.size()) {
  std::iota(order_.begin(), order_.end(), 0u);
  std::sort(order_.begin(), order_.end(), [&](std::uint32_t a, std::uint32_t b) {
    return scores[a] != scores[b] ? scores[a] > scores[b] : a < b;
  });
  for (std::size_t i = 0; i < order_.size(); ++i) {
    if (i == 0 || scores[order_[i]] != scores[order_[i - 1]])
      ties_.push_back(static_cast<std::uint32_t>(i));
  }
  ties_.push_back(static_cast<std::uint32_t>(order_.size()));
}

Figures ScoreMeasure::measure(std::span<const std::uint32_t> counts) const {
  std::vector<std::size_t> rows(order_.size());
  std::vector<double> weights(order_.size());
  double all = 0;
  for (std::size_t i = 0; i < order_.size(); ++i) {
    rows[i] = what_.rows[order_[i]];
    weights[i] = what_.population->weight(rows[i]) * (counts.empty() ? 1.0 : counts[order_[i]]);
    all += weights[i];
  }
  Sweep sweep(*what_.population, all * what_.select_rate);
  for (std::size_t t = 0; t + 1 < ties_.size(); ++t) {
    const std::size_t count = ties_[t + 1] - ties_[t];
    sweep.add(std::span(rows).subspan(ties_[t], count),
              std::span(weights).subspan(ties_[t], count));
  }
  Figures figures;
  figures.auc = sweep.auc();
  figures.worst_air = std::numeric_limits<double>::quiet_NaN();
  for (const Contrast& contrast : what_.contrasts) {
    const double air = sweep.rate(contrast.attribute_index, contrast.group_code) /
                       sweep.rate(contrast.attribute_index, contrast.reference_code);
    figures.airs.push_back(air);
    if (!(figures.worst_air <= air)) figures.worst_air = air;
  }
  return figures;
}

}  // namespace guardrank::audit
