// Public keys of signed metadata.
#pragma once

#include <string_view>

#include "core/base/json.h"
#include "core/store/need.h"

namespace guardrank {

struct PublicKey {
  std::string_view id;              // as given: an id says nothing about the key
  KeyScheme scheme{};
  std::string_view text;            // PEM, or hexadecimal digits for ed25519
};

// False for a key of a type or scheme that is not known, or without a public part: such a key signs
// nothing, and is no mistake (a later version's key may stand among those of today).
bool read_key(std::string_view id, const JsonValue& value, PublicKey* key);

// The same key, however its text is broken into lines: it counts once, whatever its ids.
bool is_same_key(const PublicKey& a, const PublicKey& b);

// Bytes of hexadecimal digits; false when the text is not that or longer than `out`.
bool read_hexadecimal(std::string_view text, std::span<std::uint8_t> out, std::size_t* size);

}  // namespace guardrank
