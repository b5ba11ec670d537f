#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "core/base/hash.h"
#include "core/base/kernels/sha256_kernel.h"

namespace guardrank {

namespace {

std::span<const std::uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string text_of(const Sha256Digest& digest) {
  const DigestText text = digest_text(digest);
  return {text.data(), text.size()};
}

// The buffer of the xxHash specification's own test program.
std::vector<std::uint8_t> sanity_buffer(std::size_t size) {
  std::vector<std::uint8_t> bytes(size);
  std::uint64_t generator = 2654435761u;
  for (std::uint8_t& byte : bytes) {
    byte = static_cast<std::uint8_t>(generator >> 56);
    generator *= 11400714785074694797u;
  }
  return bytes;
}

}  // namespace

TEST_CASE("SHA-256: FIPS 180-4 examples") {
  CHECK(text_of(sha256(bytes_of(""))) ==
        "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(text_of(sha256(bytes_of("abc"))) ==
        "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(text_of(sha256(bytes_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"))) ==
        "sha256:248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(text_of(sha256(bytes_of(
            "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
            "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu"))) ==
        "sha256:cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
  CHECK(text_of(sha256(bytes_of(std::string(1'000'000, 'a')))) ==
        "sha256:cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("SHA-256: any split gives the same digest") {
  std::string text;
  for (int i = 0; i < 200; ++i) text += static_cast<char>(i * 7);
  const Sha256Digest whole = sha256(bytes_of(text));
  for (std::size_t a = 0; a <= text.size(); ++a) {
    Sha256 hash;
    hash.add(bytes_of(text).first(a));
    hash.add({});
    hash.add(bytes_of(text).subspan(a));
    REQUIRE(hash.finish() == whole);
  }
  Sha256 one_by_one;
  for (std::size_t i = 0; i < text.size(); ++i) one_by_one.add(bytes_of(text).subspan(i, 1));
  CHECK(one_by_one.finish() == whole);
}

TEST_CASE("SHA-512: FIPS 180-4 examples, and lengths about a block") {
  const auto hexadecimal = [](std::string_view text) {
    std::string digits;
    for (const std::uint8_t byte : sha512({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()})) {
      digits += "0123456789abcdef"[byte >> 4];
      digits += "0123456789abcdef"[byte & 15];
    }
    return digits;
  };
  CHECK(hexadecimal("abc") ==
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
        "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
  CHECK(hexadecimal("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
                    "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu") ==
        "8e959b75dae313da8cf4f72814fc143f8f7779c6eb9f7fa17299aeadb6889018"
        "501d289e4900f7e4331b99dec4b5433ac7d329eeb6dd26545e96e55b874be909");
  // Python: hashlib.sha512(b"a" * n).hexdigest()[:16]
  CHECK(hexadecimal("").substr(0, 16) == "cf83e1357eefb8bd");
  CHECK(hexadecimal(std::string(111, 'a')).substr(0, 16) == "fa9121c7b32b9e01");
  CHECK(hexadecimal(std::string(112, 'a')).substr(0, 16) == "c01d080efd492776");
  CHECK(hexadecimal(std::string(127, 'a')).substr(0, 16) == "828613968b501dc0");
  CHECK(hexadecimal(std::string(128, 'a')).substr(0, 16) == "b73d1929aa615934");
}

TEST_CASE("SHA-256: this processor's kernel and the portable one agree") {
  const Sha256Kernel chosen = choose_sha256();
  std::mt19937 random(7);
  std::vector<std::uint8_t> bytes(64 * 9 + 1);
  for (int round = 0; round < 200; ++round) {
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
    std::uint32_t one[8], other[8];
    for (int i = 0; i < 8; ++i) one[i] = other[i] = static_cast<std::uint32_t>(random());
    const std::size_t n_blocks = static_cast<std::size_t>(round % 10);
    // From an odd address as well.
    chosen(one, bytes.data() + round % 2, n_blocks);
    sha256_portable(other, bytes.data() + round % 2, n_blocks);
    CHECK(std::equal(one, one + 8, other));
  }
}

TEST_CASE("digests as text and back") {
  const Sha256Digest digest = sha256(bytes_of("abc"));
  const std::string text = text_of(digest);
  Sha256Digest parsed{};
  REQUIRE(parse_digest(text, &parsed));
  CHECK(parsed == digest);
  CHECK_FALSE(parse_digest(text.substr(1), &parsed));
  CHECK_FALSE(parse_digest(text + "0", &parsed));
  CHECK_FALSE(parse_digest("", &parsed));
  std::string bad = text;
  bad[70] = 'g';
  CHECK_FALSE(parse_digest(bad, &parsed));
  bad = text;
  bad[10] = 'A';   // upper case is another text for the same digest
  CHECK_FALSE(parse_digest(bad, &parsed));
  bad = text;
  bad[3] = 'x';
  CHECK_FALSE(parse_digest(bad, &parsed));
  CHECK(parsed == digest);
}

// From the specification's sanity checks (XSUM_XXH64 with its PRIME32 as seed).
TEST_CASE("XXH64: published vectors") {
  constexpr std::uint64_t prime = 2654435761u;
  const auto bytes = sanity_buffer(222);
  const struct {
    std::size_t size;
    std::uint64_t seed, hash;
  } vectors[] = {{0, 0, 0xEF46DB3751D8E999},      {0, prime, 0xAC75FDA2929B17EF},
                 {1, 0, 0xE934A84ADB052768},      {1, prime, 0x5014607643A9B4C3},
                 {4, 0, 0x9136A0DCA57457EE},      {14, 0, 0x8282DCC4994E35C8},
                 {14, prime, 0xC3BD6BF63DEB6DF0}, {222, 0, 0xB641AE8CB691C174},
                 {222, prime, 0x20CB8AB7AE10C14A}};
  for (const auto& vector : vectors) {
    CAPTURE(vector.size);
    CHECK(xxh64(std::span(bytes).first(vector.size), vector.seed) == vector.hash);
  }
  CHECK(xxh64("abc", 0) == 0x44BC2CF5AD770999);
}

}  // namespace guardrank
