// Which groups are held against which.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "models/audit/population.h"

namespace guardrank::audit {

// A group held against its reference.
struct Contrast {
  std::string attribute, group, reference;
  std::size_t attribute_index = 0;
  std::uint32_t group_code = 0, reference_code = 0;
};

// Every group of at least `min_group` rows against its attribute's reference. Throws PackError where
// there is none.
std::vector<Contrast> find_contrasts(const Population& population,
                                     std::span<const std::uint32_t> references,
                                     std::uint64_t min_group);

}  // namespace guardrank::audit
