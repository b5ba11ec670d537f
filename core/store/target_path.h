// Names of targets and roles: patterns of delegations, addresses, keys of the cache.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/base/hash.h"
#include "core/base/limits.h"
#include "core/base/text.h"

namespace guardrank {

// A pattern of a delegation, as a shell has it (TUF 1.0, 4.5): `*` is any number of characters, `?` one, `[a-z_]` one
// of these and `[!a-z]` one of all others; none of them is a slash. Characters are those of UTF-8.
bool matches_path_pattern(std::string_view pattern, std::string_view path);

// The first digits of a path's SHA-256, as path_hash_prefixes gives them.
bool matches_hash_prefix(std::string_view prefix, const Sha256Digest& path_hash);

// A path that stays below its folder: not empty, no empty, "." or ".." part, no zero byte, at most
// limits::target_path_bytes.
bool is_safe_target_path(std::string_view path);

// Percent-encoded for an address, at most three bytes for one; slashes stay if told so.
using EncodedPath = Text<3 * limits::target_path_bytes + 80>;
void append_encoded(std::string_view name, bool keeps_slashes, EncodedPath* out);

// A key of the cache for any name: different names have different keys, on file systems that do not
// know upper from lower case as well. At most 200 bytes of [a-z0-9._-].
using CacheKey = Text<224>;
void append_cache_name(std::string_view name, CacheKey* out);

}  // namespace guardrank
