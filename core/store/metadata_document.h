// One file of signed metadata (TUF specification 1.0, section 4): its bytes, copied and parsed, and what
// it says. Nothing here trusts it; signatures are counted by metadata_signatures.h.
#pragma once

#include <array>
#include <string_view>

#include "core/base/json.h"
#include "core/store/need.h"

namespace guardrank {

enum class MetadataKind : std::uint8_t { root, timestamp, snapshot, targets };

// "root", "timestamp", ...
std::string_view metadata_kind_name(MetadataKind kind);

// Which keys sign for a role, and how many of them must.
struct Authority {
  std::string_view role;
  const JsonValue* keys = nullptr;      // by id
  const JsonValue* key_ids = nullptr;
  std::uint32_t threshold = 0;
};

// What one file says of another, or of a target. Of several hashes the SHA-256 is kept, else the SHA-512;
// others are not looked at.
struct FileFacts {
  std::int64_t version = 0;             // of metadata
  std::int64_t length = -1;             // -1: not said
  std::array<std::uint8_t, 64> hash{};
  std::uint32_t hash_bytes = 0;         // 32, 64, or 0: none is said

  std::span<const std::uint8_t> hash_view() const { return {hash.data(), hash_bytes}; }
};
using HashText = Text<128>;
HashText hash_text(std::span<const std::uint8_t> hash);   // hexadecimal digits

// The bytes have the length and hash that are given. Status::hash, naming `where`.
Status check_file_facts(const FileFacts& facts, Bytes bytes, std::string_view where, Error* error);

class MetadataDocument {
 public:
  void open(const Allocator& allocator) { arena_.open(allocator, SIZE_MAX / 2); }

  // Copies and checks all that is common and the parts of its own kind. Status::json, version, limit,
  // memory; the document is then empty.
  Status read(MetadataKind kind, std::string_view role, Bytes bytes, Error* error);
  void clear();

  bool is_empty() const { return bytes_.empty(); }
  MetadataKind kind() const { return kind_; }
  std::string_view role() const { return role_; }
  std::int64_t version() const { return version_; }
  std::int64_t expires_micros() const { return expires_; }
  std::string_view expires_text() const { return expires_text_; }
  Bytes bytes() const { return bytes_; }
  const JsonValue& signed_part() const { return *signed_; }
  const JsonValue& signatures() const { return *signatures_; }   // an array of {"keyid", "sig"}

  // root
  bool is_consistent_snapshot() const;
  Authority authority(MetadataKind role) const;
  // Lowest version of a role that may be accepted under this root: its member "x-guardrank-minimum",
  // an object of versions by role. 1 when it says nothing.
  std::int64_t minimum_version(std::string_view role) const;

  // timestamp, snapshot: what it says of `role`. False when it names it not. Status::json for a
  // mistake in what it says.
  bool file_facts(std::string_view role, FileFacts* facts) const;
  // snapshot: every role named in `older` is named here with at least its version. Status::rollback.
  Status check_not_older(const MetadataDocument& older, Error* error) const;

  // targets: null when the path is not among them. The object's checked members are in `facts`.
  const JsonValue* target(std::string_view path) const;
  // The list of delegations; null when there is none.
  const JsonValue* delegations() const;         // {"keys", "roles"} or {"keys", "succinct_roles"}

 private:
  Status read_parts(Error* error);
  Status read_signatures(const JsonValue& list, Error* error);
  Status read_common(Error* error);
  Status bad(Error* error, std::string_view member, std::string_view wanted) const;

  Arena arena_;
  MetadataKind kind_{};
  std::string_view role_;
  Bytes bytes_;
  const JsonValue* signed_ = nullptr;
  const JsonValue* signatures_ = nullptr;
  std::int64_t version_ = 0;
  std::int64_t expires_ = 0;
  std::string_view expires_text_;
};

// A member of the type, or null.
const JsonValue* member_of(const JsonValue* object, std::string_view name, JsonType type);
// A member that is a whole number from `least` up; false otherwise.
bool integer_of(const JsonValue* object, std::string_view name, std::int64_t least,
                std::int64_t* value);
// Reads "length" and "hashes" (and "version" if `has_version`). False for a mistake in them.
bool read_file_facts(const JsonValue& value, bool has_version, FileFacts* facts);

}  // namespace guardrank
