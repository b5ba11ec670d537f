#include "core/placement/caps.h"

#include "core/base/limits.h"

namespace guardrank {

static_assert(limits::caps <= 64, "a row's mask has a bit per cap");

Status CapTracker::open(const PlacementPlan& plan, Frame* frame) {
  const auto caps = plan.policy->caps;
  if (caps.empty()) return Status::ok;
  GUARDRANK_TRY(frame->arena().make(caps.size(), &caps_));
  GUARDRANK_TRY(frame->arena().make(frame->n_rows(), &blocked_));
  for (std::size_t i = 0; i < caps.size(); ++i) {
    Tracked& cap = caps_[i];
    GUARDRANK_TRY(group_values(frame, plan.cap_facts[i], &cap.groups));
    GUARDRANK_TRY(frame->arena().make(std::size_t{cap.groups.n_groups} + 1, &cap.counts));
    cap.max = caps[i].max;
    cap.within = caps[i].within;
    for (std::uint32_t row = 0; cap.max == 0 && row < frame->n_rows(); ++row)
      if (cap.groups.codes[row] != 0) blocked_[row] |= std::uint64_t{1} << i;
  }
  return Status::ok;
}

void CapTracker::find_active(std::uint32_t slot) const {
  active_slot_ = slot;
  active_ = 0;
  for (std::size_t i = 0; i < caps_.size(); ++i)
    if (slot <= caps_[i].within) active_ |= std::uint64_t{1} << i;
}

void CapTracker::place(std::uint32_t row, std::uint32_t slot) {
  for (std::size_t i = 0; i < caps_.size(); ++i) {
    const std::uint32_t code = caps_[i].groups.codes[row];
    if (slot > caps_[i].within || code == 0) continue;
    if (++caps_[i].counts[code] == caps_[i].max) block(i, code);
  }
}

void CapTracker::block(std::size_t cap, std::uint32_t code) {
  const auto codes = caps_[cap].groups.codes;
  for (std::size_t row = 0; row < codes.size(); ++row)
    if (codes[row] == code) blocked_[row] |= std::uint64_t{1} << cap;
}

}  // namespace guardrank
