// RFC 4648 base64, as the JSON form carries records.
#pragma once

#include <string>
#include <string_view>

namespace guardrank::shell {

// Throws a Failure where `text` is not base64 with padding.
std::string decode_base64(std::string_view text);

std::string encode_base64(std::string_view bytes);

}  // namespace guardrank::shell
