// Where a blob is kept and fetched: "blobs/" and the 64 hexadecimal digits of its id.
#pragma once

#include "core/base/hash.h"
#include "core/base/slice.h"

namespace guardrank {

inline constexpr std::size_t blob_folder_size = 6;
inline constexpr std::size_t blob_key_size = blob_folder_size + 64;

inline void write_blob_key(const Sha256Digest& id, char* key) {
  const DigestText text = digest_text(id);          // "sha256:" and the digits
  __builtin_memcpy(key, "blobs/", blob_folder_size);
  __builtin_memcpy(key + blob_folder_size, text.data() + 7, 64);
}

}  // namespace guardrank
