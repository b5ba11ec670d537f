#include "core/placement/diversity.h"

#include "core/base/limits.h"

namespace guardrank {

static_assert(limits::diversity_facts <= 255, "shared facts are counted in a byte");

Status DiversityTracker::open(const PlacementPlan& plan, Frame* frame,
                              std::span<const std::int64_t> score) {
  score_ = score;
  const Diversity& diversity = plan.policy->diversity;
  if (!(diversity.lambda > 0) || plan.diversity_facts.empty() || score.empty()) return Status::ok;
  lambda_ = diversity.lambda;
  within_ = diversity.within;
  n_facts_ = static_cast<double>(plan.diversity_facts.size());
  GUARDRANK_TRY(frame->arena().make(plan.diversity_facts.size(), &facts_));
  for (std::size_t i = 0; i < facts_.size(); ++i)
    GUARDRANK_TRY(group_values(frame, plan.diversity_facts[i], &facts_[i]));
  GUARDRANK_TRY(frame->arena().make(score.size(), &most_equal_));
  std::int64_t smallest = score[0], largest = score[0];
  for (const std::int64_t micros : score) {
    smallest = micros < smallest ? micros : smallest;
    largest = micros > largest ? micros : largest;
  }
  if (largest > smallest)
    range_ = (static_cast<double>(largest) - static_cast<double>(smallest)) / 1e6;
  return Status::ok;
}

Status DiversityTracker::open_worth(Arena* arena) {
  GUARDRANK_TRY(arena->make_uninitialised(score_.size(), &units_));
  for (std::size_t row = 0; row < units_.size(); ++row) units_[row] = static_cast<double>(score_[row]) / 1e6;
  return Status::ok;
}

void DiversityTracker::place(std::uint32_t placed, std::uint32_t slot) {
  if (slot >= within_) return;   // no later slot asks
  for (std::size_t row = 0; row < most_equal_.size(); ++row) {
    std::uint8_t equal = 0;
    for (const ValueGroups& fact : facts_) {
      const std::uint32_t code = fact.codes[row];
      equal = static_cast<std::uint8_t>(equal + (code != 0 && code == fact.codes[placed] ? 1 : 0));
    }
    if (equal > most_equal_[row]) most_equal_[row] = equal;
  }
}

}  // namespace guardrank
