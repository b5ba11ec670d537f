// The one file form of every artifact: header, section table, 64-byte-aligned sections. The bytes
// are described in models/schema/README.md.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "core/base/arena.h"
#include "core/base/hash.h"
#include "core/base/status.h"

namespace guardrank {

using Bytes = std::span<const std::uint8_t>;

enum class ArtifactKind : std::uint32_t { model = 1, policy = 2, catalog = 3, release = 4, bundle = 5 };
std::string_view artifact_kind_name(ArtifactKind kind);   // empty for a number that is no kind

enum class SectionKind : std::uint32_t {
  root = 1,          // FlatBuffers root of the artifact's own kind
  embeddings = 2,    // model: rows of u7 or s8 codes
  weights = 3,       // model: s8 layers, [out][in]
  golden = 4,        // model: FlatBuffers root GoldenVectors
  columns = 5,       // catalog: values
  stage_one = 6,     // catalog: offer vectors
  model = 16,        // bundle: nested artifacts
  policy = 17,
  catalog = 18,
  release = 19,
  shards = 20,       // bundle: the model's tables that are in shards, in the order of its fields
};
std::string_view section_kind_name(SectionKind kind);     // empty for an unknown kind

inline constexpr std::array<std::uint8_t, 8> container_magic = {'G', 'R', 'D', 'R', 'A', 'N', 'K', 0};
inline constexpr std::uint32_t container_version = 1;
inline constexpr std::uint32_t numerics_version = 1;
inline constexpr std::size_t header_bytes = 64;
inline constexpr std::size_t section_entry_bytes = 64;
inline constexpr std::size_t section_alignment = 64;

// Header, at byte offset: 0 magic[8], 8 kind u32, 12 container version u32, 16 total length u64,
// 24 section count u32, 28 numerics version u32, 32 SHA-256[32] of header bytes 0..31 and the table.
// Table entry: 0 kind u32, 4 zero u32, 8 offset u64, 16 length u64, 24 SHA-256[32], 56 zero[8]. All
// little endian.
struct Section {
  SectionKind kind{};
  Bytes bytes;
  Sha256Digest hash{};
};

// A verified header and table; offsets and lengths were copied once and are never read again.
struct Container {
  ArtifactKind kind{};
  Sha256Digest id{};                 // SHA-256 of header and table
  std::span<const Section> sections;

  const Section* find(SectionKind kind) const;
};

// How much of an artifact to check. Either is safe with untrusted bytes. `full` hashes header, table
// and every section as well, and looks at every byte of padding and of u7 tables: a single flipped
// bit is found.
enum class Check : std::uint8_t { structure = 0, full = 1 };

// `bytes` must be 64-byte aligned and outlive the container. A section of unknown kind is allowed
// and left alone (a later writer's addition); a known kind may stand at most once. `section_hashes`:
// the SHA-256 of each section, one after another in the table's order, computed over these bytes by
// someone who is trusted and quicker at it; of any other length they are computed here.
Status open_container(Bytes bytes, Check check, Arena* arena, Container* container, Error* error,
                      Bytes section_hashes = {});

// The same, and that it holds an artifact of this kind (Status::identifier).
Status open_container_of(ArtifactKind kind, Bytes bytes, Check check, Arena* arena,
                         Container* container, Error* error);

// The bytes of a section; empty when it is not there.
Bytes section_bytes(const Container& container, SectionKind kind);

}  // namespace guardrank
