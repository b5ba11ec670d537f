// Artifacts cut where their content says, so that a change moves few borders: a gear hash with
// normalised chunk sizes, after Xia et al., "FastCDC: a Fast and Efficient Content-Defined Chunking
// Approach for Data Deduplication", USENIX ATC 2016.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/artifact/chunk_list.h"
#include "models/pack/artifact/writers.h"

namespace guardrank::publish {

// Part of what chunks are: other figures cut elsewhere, and versions would share less.
inline constexpr std::uint32_t least_chunk_bytes = 16u << 10;
inline constexpr std::uint32_t usual_chunk_bytes = 64u << 10;
inline constexpr std::uint32_t most_chunk_bytes = 256u << 10;

struct Chunk {
  std::uint64_t offset = 0;
  std::uint32_t n_bytes = 0;
  Sha256Digest hash{};

  std::string hash_hex() const;
};

// Lengths of the pieces of a run of bytes. The last may be shorter than the least.
std::vector<std::uint32_t> cut_bytes(Bytes bytes);

// Header and table with the first section, then each section by itself (with the zeros before the
// next): a section that did not change has the same chunks wherever it stands.
std::vector<Chunk> cut_artifact(Bytes artifact);
std::string write_chunk_list(const std::vector<Chunk>& chunks);

// The artifact that a list stands for; `read` gives the bytes of a chunk by its hash. Every chunk is
// verified, and the artifact's id against `id`. Throws PackError.
pack::AlignedBytes reassemble(Bytes list, const Sha256Digest& id,
                              const std::function<std::string(const std::string& hash_hex)>& read);

}  // namespace guardrank::publish
