// SHA-512 for metadata of others: our own names everything by SHA-256.
#include <algorithm>
#include <bit>

#include "core/base/hash.h"

namespace guardrank {

namespace {

constexpr std::size_t block_bytes = 128;

// FIPS 180-4, 4.2.3 and 5.3.5: fractional parts of the cube and square roots of the first primes.
constexpr std::uint64_t constants[80] = {
    0x428a2f98d728ae22, 0x7137449123ef65cd, 0xb5c0fbcfec4d3b2f, 0xe9b5dba58189dbbc,
    0x3956c25bf348b538, 0x59f111f1b605d019, 0x923f82a4af194f9b, 0xab1c5ed5da6d8118,
    0xd807aa98a3030242, 0x12835b0145706fbe, 0x243185be4ee4b28c, 0x550c7dc3d5ffb4e2,
    0x72be5d74f27b896f, 0x80deb1fe3b1696b1, 0x9bdc06a725c71235, 0xc19bf174cf692694,
    0xe49b69c19ef14ad2, 0xefbe4786384f25e3, 0x0fc19dc68b8cd5b5, 0x240ca1cc77ac9c65,
    0x2de92c6f592b0275, 0x4a7484aa6ea6e483, 0x5cb0a9dcbd41fbd4, 0x76f988da831153b5,
    0x983e5152ee66dfab, 0xa831c66d2db43210, 0xb00327c898fb213f, 0xbf597fc7beef0ee4,
    0xc6e00bf33da88fc2, 0xd5a79147930aa725, 0x06ca6351e003826f, 0x142929670a0e6e70,
    0x27b70a8546d22ffc, 0x2e1b21385c26c926, 0x4d2c6dfc5ac42aed, 0x53380d139d95b3df,
    0x650a73548baf63de, 0x766a0abb3c77b2a8, 0x81c2c92e47edaee6, 0x92722c851482353b,
    0xa2bfe8a14cf10364, 0xa81a664bbc423001, 0xc24b8b70d0f89791, 0xc76c51a30654be30,
    0xd192e819d6ef5218, 0xd69906245565a910, 0xf40e35855771202a, 0x106aa07032bbd1b8,
    0x19a4c116b8d2d0c8, 0x1e376c085141ab53, 0x2748774cdf8eeb99, 0x34b0bcb5e19b48a8,
    0x391c0cb3c5c95a63, 0x4ed8aa4ae3418acb, 0x5b9cca4f7763e373, 0x682e6ff3d6b2b8a3,
    0x748f82ee5defb2fc, 0x78a5636f43172f60, 0x84c87814a1f0ab72, 0x8cc702081a6439ec,
    0x90befffa23631e28, 0xa4506cebde82bde9, 0xbef9a3f7b2c67915, 0xc67178f2e372532b,
    0xca273eceea26619c, 0xd186b8c721c0c207, 0xeada7dd6cde0eb1e, 0xf57d4f7fee6ed178,
    0x06f067aa72176fba, 0x0a637dc5a2c898a6, 0x113f9804bef90dae, 0x1b710b35131c471b,
    0x28db77f523047d84, 0x32caab7b40c72493, 0x3c9ebe0a15c9bebc, 0x431d67c49c100d4c,
    0x4cc5d4becb3e42b6, 0x597f299cfc657e2a, 0x5fcb6fab3ad6faec, 0x6c44198c4a475817};
constexpr std::uint64_t first_state[8] = {
    0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
    0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179};

std::uint64_t read_big_endian(const std::uint8_t* bytes) {
  std::uint64_t value = 0;
  for (int i = 0; i < 8; ++i) value = value << 8 | bytes[i];
  return value;
}

void write_big_endian(std::uint64_t value, std::uint8_t* bytes) {
  for (int i = 0; i < 8; ++i) bytes[i] = static_cast<std::uint8_t>(value >> (56 - 8 * i));
}

void compress(std::uint64_t* state, const std::uint8_t* block) {
  std::uint64_t schedule[80];
  for (int i = 0; i < 16; ++i) schedule[i] = read_big_endian(block + 8 * i);
  for (int i = 16; i < 80; ++i) {
    const std::uint64_t x = schedule[i - 15], y = schedule[i - 2];
    const std::uint64_t sigma0 = std::rotr(x, 1) ^ std::rotr(x, 8) ^ (x >> 7);
    const std::uint64_t sigma1 = std::rotr(y, 19) ^ std::rotr(y, 61) ^ (y >> 6);
    schedule[i] = schedule[i - 16] + sigma0 + schedule[i - 7] + sigma1;
  }
  std::uint64_t v[8];
  std::copy_n(state, 8, v);
  for (int i = 0; i < 80; ++i) {
    const std::uint64_t e = v[4], a = v[0];
    const std::uint64_t sum1 = std::rotr(e, 14) ^ std::rotr(e, 18) ^ std::rotr(e, 41);
    const std::uint64_t first = v[7] + sum1 + ((e & v[5]) ^ (~e & v[6])) + constants[i] + schedule[i];
    const std::uint64_t sum0 = std::rotr(a, 28) ^ std::rotr(a, 34) ^ std::rotr(a, 39);
    const std::uint64_t second = sum0 + ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));
    std::copy_backward(v, v + 7, v + 8);
    v[4] += first;
    v[0] = first + second;
  }
  for (int i = 0; i < 8; ++i) state[i] += v[i];
}

}  // namespace

Sha512Digest sha512(std::span<const std::uint8_t> bytes) {
  std::uint64_t state[8];
  std::copy_n(first_state, 8, state);
  const std::uint64_t size = bytes.size();
  for (; bytes.size() >= block_bytes; bytes = bytes.subspan(block_bytes)) compress(state, bytes.data());
  std::uint8_t last[2 * block_bytes] = {};
  std::copy(bytes.begin(), bytes.end(), last);
  last[bytes.size()] = 0x80;
  const std::size_t padded = bytes.size() < block_bytes - 16 ? block_bytes : 2 * block_bytes;
  write_big_endian(size << 3, last + padded - 8);
  write_big_endian(size >> 61, last + padded - 16);
  for (std::size_t at = 0; at < padded; at += block_bytes) compress(state, last + at);
  Sha512Digest digest;
  for (int i = 0; i < 8; ++i) write_big_endian(state[i], digest.data() + 8 * i);
  return digest;
}

}  // namespace guardrank
