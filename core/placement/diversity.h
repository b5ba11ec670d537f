// Diversity: maximal marginal relevance (Carbonell and Goldstein, SIGIR 1998) over declared facts.
#pragma once

#include "core/placement/placement.h"
#include "core/placement/value_groups.h"

namespace guardrank {

// A row's worth at a slot, in currency units:
//   (1 - lambda) * score - lambda * similarity * range
// with similarity = the largest share of the declared facts in which the row equals one placed row
// (a missing fact equals nothing) and range = largest minus smallest score of all rows, or 1 where
// they are equal. It orders rows as (1 - lambda) * rel - lambda * similarity does, rel being the
// score scaled to 0..1; in money it also serves exploration. Beyond `within`, lambda counts as 0.
class DiversityTracker {
 public:
  Status open(const PlacementPlan& plan, Frame* frame, std::span<const std::int64_t> score);

  bool is_active(std::uint32_t slot) const { return slot <= within_; }
  // Once, before `worth` is asked.
  Status open_worth(Arena* arena);
  double worth(std::uint32_t row, std::uint32_t slot) const {
    const double units = units_[row];
    if (!is_active(slot)) return units;
    const double similarity = static_cast<double>(most_equal_[row]) / n_facts_;
    return (1.0 - lambda_) * units - lambda_ * similarity * range_;
  }
  // Compares every row with the one placed: linear in rows times facts.
  void place(std::uint32_t row, std::uint32_t slot);

 private:
  std::span<const std::int64_t> score_;
  std::span<double> units_;              // scores in units of the currency
  std::span<ValueGroups> facts_;
  std::span<std::uint8_t> most_equal_;   // by row: facts shared with the most similar placed row
  double lambda_ = 0, range_ = 1, n_facts_ = 1;
  std::uint32_t within_ = 0;             // 0: off
};

}  // namespace guardrank
