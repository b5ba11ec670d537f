// The pieces of one artifact, each verified by itself: a new version of an artifact shares the pieces
// that did not change. A release names the list by its SHA-256 (ReleaseBlob::chunks).
#pragma once

#include <cstdint>
#include <span>

#include "core/artifact/container.h"
#include "core/base/status.h"

namespace guardrank {

// At byte offset: 0 magic[8], 8 version u32, 12 number of chunks u32, 16 length of the artifact u64,
// 24 zero[8]; then of each chunk, in order: SHA-256[32], length u32, zero u32. All little endian. The
// first chunk holds header, table and more, so that the id is known to be right before the rest.
inline constexpr std::array<std::uint8_t, 8> chunk_list_magic = {'G', 'R', 'C', 'H', 'U', 'N', 'K', 'S'};
inline constexpr std::uint32_t chunk_list_version = 1;
inline constexpr std::size_t chunk_list_header_bytes = 32;
inline constexpr std::size_t chunk_entry_bytes = 40;

struct ChunkPlace {
  Sha256Digest hash{};
  std::uint64_t offset = 0;            // in the artifact
  std::uint32_t n_bytes = 0;
};

// A verified list; a view of bytes that must stay.
struct ChunkList {
  Bytes entries;
  std::uint32_t n_chunks = 0;
  std::uint64_t total_bytes = 0;

  // The chunk after one (of place {} the first). Chunks are walked in order: lengths add up to offsets.
  ChunkPlace at(std::uint32_t index, const ChunkPlace& before) const;
};

Status open_chunk_list(Bytes bytes, ChunkList* list, Error* error);

// Puts a chunk's bytes where they belong in `artifact` (list.total_bytes long) once length and hash
// are its own: Status::truncated, Status::hash.
Status place_chunk(const ChunkPlace& place, Bytes chunk, std::span<std::uint8_t> artifact, Error* error);

}  // namespace guardrank
