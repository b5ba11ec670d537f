// Fills the slots from the first down.
#include <algorithm>

#include "core/base/limits.h"
#include "core/base/sort.h"
#include "core/placement/caps.h"
#include "core/placement/diversity.h"
#include "core/placement/exploration.h"
#include "core/placement/mandates.h"
#include "core/placement/placement.h"

namespace guardrank {
namespace {

class SlotFiller {
 public:
  SlotFiller(const PlacementPlan& plan, Frame* frame, std::span<const std::int64_t> score,
             std::uint32_t limit)
      : plan_(plan), frame_(*frame), score_(score), exploration_(plan.policy->exploration) {
    last_slot_ = limit == 0 ? limits::slots : std::min(limit, limits::slots);
  }

  Status open() {
    const std::uint32_t n_rows = frame_.n_rows();
    n_slots_ = std::min(n_rows, last_slot_);
    GUARDRANK_TRY(find_mandates(plan_, &frame_, last_slot_, &mandates_));
    GUARDRANK_TRY(frame_.arena().make(n_rows, &is_taken_));
    GUARDRANK_TRY(frame_.arena().make(n_slots_, &placed_));
    GUARDRANK_TRY(caps_.open(plan_, &frame_));
    GUARDRANK_TRY(diversity_.open(plan_, &frame_, score_));
    GUARDRANK_TRY(order_rows());
    if (!explores() && !diversity_.is_active(1)) return Status::ok;
    GUARDRANK_TRY(diversity_.open_worth(&frame_.arena()));
    GUARDRANK_TRY(frame_.arena().make_uninitialised(order_.size(), &feasible_));
    return frame_.arena().make_uninitialised(order_.size(), &worth_);
  }

  void fill() {
    for (std::uint32_t slot = 1; slot <= n_slots_; ++slot) {
      Placed placed;
      if (!pick(slot, &placed)) return;   // caps leave nobody for this slot: the ranking ends
      placed_[n_placed_++] = placed;
      is_taken_[placed.row] = 1;
      caps_.place(placed.row, slot);
      diversity_.place(placed.row, slot);
    }
  }

  std::span<const Placed> placed() const { return placed_.subspan(0, n_placed_); }

 private:
  bool explores() const {
    return exploration_.kind == ExplorationKind::plackett_luce ||
           (exploration_.kind == ExplorationKind::epsilon && exploration_.epsilon > 0);
  }

  // All rows but the mandated ones.
  Status order_rows() {
    for (const Mandate& mandate : mandates_) is_taken_[mandate.row] = 1;
    std::span<KeyedRow> ranked, scratch;
    GUARDRANK_TRY(frame_.arena().make_uninitialised(frame_.n_rows(), &ranked));
    GUARDRANK_TRY(frame_.arena().make_uninitialised(frame_.n_rows(), &scratch));
    GUARDRANK_TRY(frame_.arena().make_uninitialised(frame_.n_rows(), &order_));
    std::size_t size = 0;
    for (std::uint32_t row = 0; row < frame_.n_rows(); ++row)
      if (is_taken_[row] == 0) ranked[size++] = {descending_key(score_[row]), row};
    sort_by_key(ranked.first(size), scratch.first(size));
    for (std::size_t i = 0; i < size; ++i) order_[i] = ranked[i].row;
    order_ = order_.first(size);
    order_ties(ranked.first(size));
    return Status::ok;
  }

  // Equal scores stand by offer id: an order that does not depend on the request's.
  void order_ties(std::span<const KeyedRow> ranked) {
    const auto before = [this](std::uint32_t a, std::uint32_t b) {
      return frame_.request().offer_before(frame_.rows()[a], frame_.rows()[b]);
    };
    for (std::size_t first = 0, end = 0; first < ranked.size(); first = end) {
      while (end < ranked.size() && ranked[end].key == ranked[first].key) ++end;
      if (end - first > 1) sort_rows(order_.subspan(first, end - first), before);
    }
  }

  bool pick(std::uint32_t slot, Placed* placed) {
    const bool is_due = next_mandate_ < mandates_.size() && mandates_[next_mandate_].slot <= slot;
    if (!is_due && pick_candidate(slot, placed)) return true;
    // Due, or nobody else is left for this slot: then the next mandate moves up.
    if (next_mandate_ >= mandates_.size()) return false;
    *placed = {mandates_[next_mandate_++].row, 1, true};
    return true;
  }

  bool pick_candidate(std::uint32_t slot, Placed* placed) {
    if (explores() || diversity_.is_active(slot)) return pick_by_worth(slot, placed);
    if (caps_.active(slot) != head_caps_) head_ = 0;   // rows that a cap kept back may stand now
    head_caps_ = caps_.active(slot);
    while (head_ < order_.size() && !is_feasible(order_[head_], slot)) ++head_;
    if (head_ == order_.size()) return false;
    *placed = {order_[head_], 1, false};
    return true;
  }

  bool is_feasible(std::uint32_t row, std::uint32_t slot) const {
    return is_taken_[row] == 0 && caps_.allows(row, slot);
  }

  bool pick_by_worth(std::uint32_t slot, Placed* placed) {
    std::uint32_t count = 0;
    for (const std::uint32_t row : order_)
      if (is_feasible(row, slot)) feasible_[count++] = row;
    if (count == 0) return false;
    const auto feasible = feasible_.subspan(0, count);
    const Draw draw = draw_from(feasible, slot);
    *placed = {feasible[draw.index], draw.propensity, false};
    return true;
  }

  Draw draw_from(std::span<const std::uint32_t> feasible, std::uint32_t slot) {
    const std::uint64_t seed = frame_.request().seed();
    const std::uint32_t count = static_cast<std::uint32_t>(feasible.size());
    if (exploration_.kind != ExplorationKind::plackett_luce) {
      const std::uint32_t best = find_best(feasible, slot);
      if (!explores()) return {best, 1};
      return draw_epsilon(exploration_.epsilon, count, best, seed, slot);
    }
    for (std::uint32_t i = 0; i < count; ++i) worth_[i] = diversity_.worth(feasible[i], slot);
    return draw_plackett_luce(exploration_.temperature, worth_.subspan(0, count), seed, slot);
  }

  std::uint32_t find_best(std::span<const std::uint32_t> feasible, std::uint32_t slot) const {
    if (!diversity_.is_active(slot)) return 0;   // they stand in order of score
    std::uint32_t best = 0;
    double best_worth = diversity_.worth(feasible[0], slot);
    for (std::uint32_t i = 1; i < feasible.size(); ++i) {
      const double worth = diversity_.worth(feasible[i], slot);
      const bool is_tie_won =
          worth == best_worth && frame_.request().offer_before(frame_.rows()[feasible[i]],
                                                               frame_.rows()[feasible[best]]);
      if (!(worth > best_worth) && !is_tie_won) continue;
      best = i;
      best_worth = worth;
    }
    return best;
  }

  const PlacementPlan& plan_;
  Frame& frame_;
  std::span<const std::int64_t> score_;
  const Exploration& exploration_;
  std::uint32_t last_slot_ = 0, n_slots_ = 0, n_placed_ = 0;
  std::span<const Mandate> mandates_;
  std::size_t next_mandate_ = 0;
  std::span<std::uint8_t> is_taken_;       // by row: placed, or kept for its mandate
  std::span<std::uint32_t> order_;         // rows, best first
  std::size_t head_ = 0;                   // none before it is feasible under `head_caps_`
  std::uint64_t head_caps_ = 0;
  std::span<std::uint32_t> feasible_;      // rows
  std::span<double> worth_;                // of the feasible rows
  std::span<Placed> placed_;
  CapTracker caps_;
  DiversityTracker diversity_;
};

}  // namespace

Status place(const PlacementPlan& plan, Frame* frame, std::span<const std::int64_t> score,
             std::uint32_t limit, std::span<const Placed>* placed) {
  *placed = {};
  if (score.size() != frame->n_rows()) return Status::internal;
  SlotFiller filler(plan, frame, score, limit);
  GUARDRANK_TRY(filler.open());
  filler.fill();
  *placed = filler.placed();
  return Status::ok;
}

}  // namespace guardrank
