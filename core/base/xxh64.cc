// XXH64 after the xxHash specification 0.1.1, sections "XXH64 algorithm description".
#include <bit>

#include "core/base/hash.h"

namespace guardrank {

namespace {

constexpr std::uint64_t prime1 = 0x9E3779B185EBCA87;
constexpr std::uint64_t prime2 = 0xC2B2AE3D27D4EB4F;
constexpr std::uint64_t prime3 = 0x165667B19E3779F9;
constexpr std::uint64_t prime4 = 0x85EBCA77C2B2AE63;
constexpr std::uint64_t prime5 = 0x27D4EB2F165667C5;

std::uint64_t read_little_endian(const std::uint8_t* bytes, int n_bytes) {
  std::uint64_t value = 0;
  for (int i = 0; i < n_bytes; ++i) value |= std::uint64_t{bytes[i]} << (8 * i);
  return value;
}

std::uint64_t mix_lane(std::uint64_t lane, std::uint64_t input) {
  return std::rotl(lane + input * prime2, 31) * prime1;
}

std::uint64_t merge_lane(std::uint64_t hash, std::uint64_t lane) {
  return (hash ^ mix_lane(0, lane)) * prime1 + prime4;
}

// Consumes all whole stripes of 32 bytes.
std::uint64_t mix_stripes(std::span<const std::uint8_t>* bytes, std::uint64_t seed) {
  std::uint64_t lanes[4] = {seed + prime1 + prime2, seed + prime2, seed, seed - prime1};
  for (; bytes->size() >= 32; *bytes = bytes->subspan(32)) {
    for (int i = 0; i < 4; ++i) {
      lanes[i] = mix_lane(lanes[i], read_little_endian(bytes->data() + 8 * i, 8));
    }
  }
  std::uint64_t hash = std::rotl(lanes[0], 1) + std::rotl(lanes[1], 7) +
                       std::rotl(lanes[2], 12) + std::rotl(lanes[3], 18);
  for (const std::uint64_t lane : lanes) hash = merge_lane(hash, lane);
  return hash;
}

std::uint64_t avalanche(std::uint64_t hash) {
  hash = (hash ^ (hash >> 33)) * prime2;
  hash = (hash ^ (hash >> 29)) * prime3;
  return hash ^ (hash >> 32);
}

}  // namespace

std::uint64_t xxh64(std::span<const std::uint8_t> bytes, std::uint64_t seed) {
  const std::uint64_t size = bytes.size();
  std::uint64_t hash = size >= 32 ? mix_stripes(&bytes, seed) : seed + prime5;
  hash += size;
  for (; bytes.size() >= 8; bytes = bytes.subspan(8)) {
    hash ^= mix_lane(0, read_little_endian(bytes.data(), 8));
    hash = std::rotl(hash, 27) * prime1 + prime4;
  }
  if (bytes.size() >= 4) {
    hash ^= read_little_endian(bytes.data(), 4) * prime1;
    hash = std::rotl(hash, 23) * prime2 + prime3;
    bytes = bytes.subspan(4);
  }
  for (const std::uint8_t byte : bytes) {
    hash = std::rotl(hash ^ (byte * prime5), 11) * prime1;
  }
  return avalanche(hash);
}

}  // namespace guardrank
