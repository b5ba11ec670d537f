// Rows with equal values of one fact, as small numbers: caps count them, diversity compares them.
#pragma once

#include <cstdint>
#include <span>

#include "core/frame/frame.h"

namespace guardrank {

// `codes` by row: 0 where the fact is missing, else 1 .. n_groups, the same for equal values.
struct ValueGroups {
  std::span<const std::uint32_t> codes;
  std::uint32_t n_groups = 0;
};

// Whether values of this type can be grouped: string, int, bool, timestamp, and double by value.
bool can_group(FactType type);

Status group_values(Frame* frame, std::uint32_t fact, ValueGroups* groups);

}  // namespace guardrank
