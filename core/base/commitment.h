// Commitments: whoever holds salt and value can show later what was recorded; whoever holds only
// the record can neither read nor guess it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "core/base/hash.h"

namespace guardrank {

// SHA-256 of the salt, the path and the value, each of the first two after its length (u32, little
// endian): the same value under two paths gives two commitments, and no two triples the same bytes.
// Values of a small range need a secret salt of 16 random bytes or more, for one record only.
Sha256Digest commit(std::span<const std::uint8_t> salt, std::string_view path,
                    std::span<const std::uint8_t> value);

}  // namespace guardrank
