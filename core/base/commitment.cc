#include "core/base/commitment.h"

namespace guardrank {
namespace {

void add_sized(std::span<const std::uint8_t> bytes, Sha256* hash) {
  std::uint8_t size[4];
  for (unsigned i = 0; i < 4; ++i) size[i] = static_cast<std::uint8_t>(bytes.size() >> 8 * i);
  hash->add(size);
  hash->add(bytes);
}

}  // namespace

Sha256Digest commit(std::span<const std::uint8_t> salt, std::string_view path,
                    std::span<const std::uint8_t> value) {
  Sha256 hash;
  add_sized(salt, &hash);
  add_sized({reinterpret_cast<const std::uint8_t*>(path.data()), path.size()}, &hash);
  hash.add(value);
  return hash.finish();
}

}  // namespace guardrank
