// Counter-based random numbers: Philox4x32-10 (Salmon et al., SC 2011). The same key and counter
// give the same number on every machine, in any order of asking.
#pragma once

#include <cstdint>

namespace guardrank {

// A double in [0, 1) with 53 random bits for (seed, stream, index).
double uniform(std::uint64_t seed, std::uint64_t stream, std::uint64_t index);

}  // namespace guardrank
