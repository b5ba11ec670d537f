#include "core/placement/caps.h"

#include "core/base/limits.h"

namespace guardrank {

static_assert(limits::caps <= 64, "a row's mask has a bit per cap");

namespace {

constexpr std::uint32_t no_row = UINT32_MAX;

Status chain_rows(const ValueGroups& groups, Arena* arena, std::span<std::uint32_t>* first,
                  std::span<std::uint32_t>* next) {
  GUARDRANK_TRY(arena->make_uninitialised(std::size_t{groups.n_groups} + 1, first));
  GUARDRANK_TRY(arena->make_uninitialised(groups.codes.size(), next));
  for (std::uint32_t& row : *first) row = no_row;
  for (std::uint32_t row = 0; row < groups.codes.size(); ++row) {
    const std::uint32_t code = groups.codes[row];
    (*next)[row] = (*first)[code];
    (*first)[code] = row;
  }
  return Status::ok;
}

}  // namespace

Status CapTracker::open(const PlacementPlan& plan, Frame* frame) {
  const auto caps = plan.policy->caps;
  if (caps.empty()) return Status::ok;
  GUARDRANK_TRY(frame->arena().make(caps.size(), &caps_));
  GUARDRANK_TRY(frame->arena().make(frame->n_rows(), &blocked_));
  for (std::size_t i = 0; i < caps.size(); ++i) {
    Tracked& cap = caps_[i];
    GUARDRANK_TRY(group_values(frame, plan.cap_facts[i], &cap.groups));
    GUARDRANK_TRY(frame->arena().make(std::size_t{cap.groups.n_groups} + 1, &cap.counts));
    GUARDRANK_TRY(chain_rows(cap.groups, &frame->arena(), &cap.first, &cap.next));
    cap.max = caps[i].max;
    cap.within = caps[i].within;
    for (std::uint32_t code = 1; cap.max == 0 && code <= cap.groups.n_groups; ++code) block(i, code);
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
  const Tracked& tracked = caps_[cap];
  for (std::uint32_t row = tracked.first[code]; row != no_row; row = tracked.next[row])
    blocked_[row] |= std::uint64_t{1} << cap;
}

}  // namespace guardrank
