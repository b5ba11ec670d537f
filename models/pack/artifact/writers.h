// Plain structs to artifact bytes: the other direction of core/artifact. What is written opens as
// the same structs; the same input gives the same bytes (no clock, no addresses).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/artifact/catalog.h"
#include "core/artifact/container.h"
#include "core/artifact/model.h"
#include "core/artifact/policy.h"
#include "core/artifact/release.h"

namespace guardrank::pack {

// Owned bytes that start at a 64-byte boundary, as open_* wants them.
class AlignedBytes {
 public:
  AlignedBytes() = default;
  explicit AlignedBytes(std::size_t size);               // zero bytes
  explicit AlignedBytes(Bytes bytes);                    // a copy
  AlignedBytes(const AlignedBytes& other) : AlignedBytes(other.view()) {}
  AlignedBytes(AlignedBytes&& other) noexcept;
  AlignedBytes& operator=(AlignedBytes other) noexcept;
  ~AlignedBytes();

  std::uint8_t* data() { return data_; }
  const std::uint8_t* data() const { return data_; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  Bytes view() const { return {data_, size_}; }
  operator Bytes() const { return view(); }

 private:
  std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
};

struct NewSection {
  SectionKind kind{};
  Bytes bytes;
};

// Header, table and sections in the order given. Throws PackError when a section is missing its
// place in the form (a known kind twice, too many sections).
AlignedBytes write_container(ArtifactKind kind, std::span<const NewSection> sections);

// SHA-256 of header and table, as open_container computes it. `bytes` came from a writer here.
Sha256Digest artifact_id(Bytes bytes);

// What a model's schema carries for operations and the engine does not read (operations.md).
struct FieldDeclaration {
  std::string owner, event_time, created_time, access_tag, lineage;
  std::uint64_t ttl_seconds = 0;
};

// The `container` member of each input is ignored. Everything that a struct points to is copied.
// A struct that open_* would refuse is written as it is: open it again before it is used.
// `declarations`: none, or one per field.
AlignedBytes write_model(const Model& model, std::span<const FieldDeclaration> declarations = {});
// The tables of fields with `shard_rows`, which no section of a model holds: open_model's `shards`.
AlignedBytes write_shards(const Model& model);
AlignedBytes write_policy(const Policy& policy);
AlignedBytes write_catalog(const Catalog& catalog);      // `order` and `rank` are computed here
AlignedBytes write_release(const Release& release);
// Whole artifacts, nested. `release` and `shards` may be empty.
AlignedBytes write_bundle(std::string_view name, Bytes model, Bytes policy, Bytes catalog,
                          Bytes release, Bytes shards = {});

}  // namespace guardrank::pack
