// Artifacts as pieces (core/artifact/chunk_cut.h says where they are cut), and their lists.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/artifact/chunk_cut.h"
#include "core/artifact/chunk_list.h"
#include "models/pack/artifact/writers.h"

namespace guardrank::publish {

struct Chunk {
  std::uint64_t offset = 0;
  std::uint32_t n_bytes = 0;
  Sha256Digest hash{};

  std::string hash_hex() const;
};

// Lengths of the pieces of a run of bytes. The last may be shorter than the least.
std::vector<std::uint32_t> cut_bytes(Bytes bytes);

// The pieces of a whole artifact, in order.
std::vector<Chunk> cut_artifact(Bytes artifact);
std::string write_chunk_list(const std::vector<Chunk>& chunks);

// The artifact that a list stands for; `read` gives the bytes of a chunk by its hash. Every chunk is
// verified, and the artifact's id against `id`. Throws PackError.
pack::AlignedBytes reassemble(Bytes list, const Sha256Digest& id,
                              const std::function<std::string(const std::string& hash_hex)>& read);

}  // namespace guardrank::publish
