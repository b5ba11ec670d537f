// Artifact ids for tests of the store.
#pragma once

#include <cstdint>

#include "core/base/hash.h"

namespace guardrank {

// Number `n` hashed, as real ids are.
inline Sha256Digest numbered_digest(std::uint64_t n) {
  std::uint8_t bytes[8];
  for (int i = 0; i < 8; ++i) bytes[i] = static_cast<std::uint8_t>(n >> (8 * i));
  return sha256(bytes);
}

}  // namespace guardrank
