// What the store asks of its host. The store does no I/O: it answers "need", the host does it (curl,
// libcrypto, files; or fetch, WebCrypto, the Cache API) and hands the result back, in any order.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/artifact/container.h"

namespace guardrank {

enum class NeedKind : std::uint8_t { fetch = 1, verify = 2, read = 3, write = 4, remove = 5, wake = 6 };

// What a fetch's path is relative to; hosts may serve the three from different addresses.
enum class Origin : std::uint8_t { metadata = 0, targets = 1, blobs = 2 };

enum class KeyScheme : std::uint8_t { ed25519 = 1, ecdsa_sha2_nistp256 = 2, rsassa_pss_sha256 = 3,
                                        rsa_pkcs1v15_sha256 = 4 };

// Views live until the need is provided for or withdrawn.
struct Need {
  std::uint64_t id = 0;             // names it in `provide`; never used twice
  NeedKind kind{};

  // fetch: `path` below the origin. At most `max_bytes` decoded bytes may be handed back: a host
  // stops reading one byte later and says Outcome::too_large.
  // `path` is percent-encoded and goes into an address as it is. A range is of the file itself: a server
  // may cut what it has encoded, so no encoding is asked for, and one that comes all the same is another
  // range. A server without ranges sends the whole, which is handed back up to the range's end, from byte 0.
  Origin origin{};
  std::string_view path;
  std::uint64_t offset = 0;         // first byte wanted; identity encoding when `is_range`
  std::uint64_t max_bytes = 0;
  bool is_range = false;            // exactly the bytes [offset, offset + max_bytes)
  std::string_view entity_tag;      // of the copy at hand: the host may say Outcome::unchanged

  // verify: a PEM SubjectPublicKeyInfo, or 64 hexadecimal digits for ed25519.
  KeyScheme scheme{};
  std::string_view public_key;
  Bytes message;
  Bytes signature;

  // read, write, remove: `key` is a relative path of [a-z0-9._/-]; write replaces all or nothing.
  // A key that ends in '/' is a folder. remove: all below it goes. read: a line for each finished file
  // there, its name, a space and its size, as many as `max_bytes` takes; failed where a host cannot.
  // may_lend, of a read: an answer may leave its bytes where they are (Answer::loan).
  std::string_view key;
  Bytes bytes;
  bool may_lend = false;

  // wake: at or after this time, micros since 1970.
  std::int64_t at_micros = 0;
};

// How a need ended.
enum class Outcome : std::uint8_t {
  done = 0,          // fetch, read: with bytes. verify: the signature is good
  not_found = 1,     // fetch: 403, 404 or 410. read: no such key
  unchanged = 2,     // fetch: the entity tag still holds
  too_large = 3,     // fetch: more than max_bytes
  failed = 4,        // anything else; for verify also a bad signature or key
  other_range = 5,   // fetch of a range: there is no such range (416), or not that one came
};

// Bytes that need not be copied, as those of a mapped file: they stay where they are, at a multiple of 64, until
// `end` is called. They are verified as ever, and believed afterwards: who lends them answers for nobody
// changing them meanwhile.
struct Loan {
  void (*end)(void* user, Bytes bytes) = nullptr;
  void* user = nullptr;
  bool is_taken = false;            // set by `provide`: `end` is called, once, maybe before it returns
};

// What a host hands back. Views are read during `provide` alone.
struct Answer {
  std::uint64_t id = 0;             // of the need
  Outcome outcome = Outcome::failed;
  // fetch, read. Of a fetch of a blob that failed: what came before, from `offset` on, decoded; may be empty.
  Bytes bytes;
  std::string_view entity_tag;      // fetch: of the copy handed back; empty when the origin names none
  std::string_view detail;          // why it failed, for messages
  // fetch, read of an artifact: the SHA-256 of each of its sections in the table's order, where the
  // host has a quicker one than core's (WebCrypto). Computed over `bytes`, nothing else; may be empty.
  Bytes section_hashes = {};
  // fetch that failed: how long the origin asks to be left alone (Retry-After); 0: it does not.
  std::int64_t retry_after_micros = 0;
  Loan* loan = nullptr;             // of `bytes`, where the need says may_lend; null: they are copied
};

}  // namespace guardrank
