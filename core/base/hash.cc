#include "core/base/hash.h"

#include <algorithm>

#include "core/base/kernels/sha256_kernel.h"

namespace guardrank {

namespace {

void write_big_endian(std::uint32_t value, std::uint8_t* bytes) {
  for (int i = 0; i < 4; ++i) bytes[i] = static_cast<std::uint8_t>(value >> (24 - 8 * i));
}

int hexadecimal_value(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  return -1;
}

constexpr std::string_view digest_prefix = "sha256:";

}  // namespace

Sha256::Sha256()
    // FIPS 180-4, 5.3.3: fractional parts of the square roots of the first primes.
    : state_{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
             0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19} {}

void Sha256::compress(const std::uint8_t* block) { choose_sha256()(state_.data(), block, 1); }

void Sha256::add(std::span<const std::uint8_t> bytes) {
  std::size_t waiting = static_cast<std::size_t>(length_ % 64);
  length_ += bytes.size();
  if (waiting != 0) {
    const std::size_t taken = std::min(bytes.size(), 64 - waiting);
    std::copy_n(bytes.data(), taken, buffer_.data() + waiting);
    bytes = bytes.subspan(taken);
    if (waiting + taken < 64) return;
    compress(buffer_.data());
  }
  choose_sha256()(state_.data(), bytes.data(), bytes.size() / 64);
  bytes = bytes.subspan(bytes.size() / 64 * 64);
  std::copy_n(bytes.data(), bytes.size(), buffer_.data());
}

Sha256Digest Sha256::finish() {
  const std::uint64_t bits = length_ * 8;
  const std::size_t waiting = static_cast<std::size_t>(length_ % 64);
  std::uint8_t padding[72] = {0x80};
  const std::size_t zeros = waiting < 56 ? 56 - waiting : 120 - waiting;
  write_big_endian(static_cast<std::uint32_t>(bits >> 32), padding + zeros);
  write_big_endian(static_cast<std::uint32_t>(bits), padding + zeros + 4);
  add({padding, zeros + 8});
  Sha256Digest digest;
  for (std::size_t i = 0; i < 8; ++i) write_big_endian(state_[i], digest.data() + 4 * i);
  return digest;
}

Sha256Digest sha256(std::span<const std::uint8_t> bytes) {
  Sha256 hash;
  hash.add(bytes);
  return hash.finish();
}

DigestText digest_text(const Sha256Digest& digest) {
  DigestText text;
  char* out = std::copy(digest_prefix.begin(), digest_prefix.end(), text.data());
  for (const std::uint8_t byte : digest) {
    *out++ = "0123456789abcdef"[byte >> 4];
    *out++ = "0123456789abcdef"[byte & 15];
  }
  return text;
}

bool parse_digest(std::string_view text, Sha256Digest* digest) {
  if (text.size() != DigestText{}.size() || !text.starts_with(digest_prefix)) return false;
  Sha256Digest parsed;
  for (std::size_t i = 0; i < parsed.size(); ++i) {
    const int high = hexadecimal_value(text[digest_prefix.size() + 2 * i]);
    const int low = hexadecimal_value(text[digest_prefix.size() + 2 * i + 1]);
    if (high < 0 || low < 0) return false;
    parsed[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  *digest = parsed;
  return true;
}

}  // namespace guardrank
