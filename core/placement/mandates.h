// Mandated offers: which of them are in play, and at which slots they are due.
#pragma once

#include "core/placement/placement.h"

namespace guardrank {

struct Mandate {
  std::uint32_t row = 0;
  std::uint32_t slot = 1;       // from 1
};

// Mandates whose offer is among the frame's rows and whose `when` is true there, by slot; of two at
// one slot the one that stands first in the policy keeps it and the other is due at the next. One
// that would be due beyond `last_slot` is no mandate, nor is the second of one offer.
Status find_mandates(const PlacementPlan& plan, Frame* frame, std::uint32_t last_slot,
                     std::span<const Mandate>* mandates);

}  // namespace guardrank
