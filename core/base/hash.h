// SHA-256 (FIPS 180-4) for identity, SHA-512 where others use it, XXH64 (xxHash 0.1.1) for codes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace guardrank {

using Sha256Digest = std::array<std::uint8_t, 32>;

// Incremental SHA-256: `add` any number of times, then `finish` once.
class Sha256 {
 public:
  Sha256();
  void add(std::span<const std::uint8_t> bytes);
  Sha256Digest finish();

 private:
  void compress(const std::uint8_t* block);

  std::array<std::uint32_t, 8> state_;
  std::array<std::uint8_t, 64> buffer_{};
  std::uint64_t length_ = 0;
};

Sha256Digest sha256(std::span<const std::uint8_t> bytes);

using Sha512Digest = std::array<std::uint8_t, 64>;
Sha512Digest sha512(std::span<const std::uint8_t> bytes);

// "sha256:" and 64 lower-case hexadecimal digits.
using DigestText = std::array<char, 71>;
DigestText digest_text(const Sha256Digest& digest);
bool parse_digest(std::string_view text, Sha256Digest* digest);

std::uint64_t xxh64(std::span<const std::uint8_t> bytes, std::uint64_t seed);
inline std::uint64_t xxh64(std::string_view text, std::uint64_t seed) {
  return xxh64({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, seed);
}

}  // namespace guardrank
