// Signatures checked by libcrypto.
#pragma once

#include <string_view>

#include "core/store/need.h"

namespace guardrank::fetch {

// False for a bad signature, and for a key that is none of its scheme or too weak (RSA under 2048 bits).
bool is_good_signature(KeyScheme scheme, std::string_view public_key, Bytes message, Bytes signature);

}  // namespace guardrank::fetch
