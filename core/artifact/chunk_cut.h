// Where artifacts are cut in pieces: where their content says, so that a change moves few borders. A
// gear hash with normalised sizes, after Xia et al., "FastCDC: a Fast and Efficient Content-Defined
// Chunking Approach for Data Deduplication", USENIX ATC 2016. Who publishes cuts so, and who has an
// older version finds by it what the new one shares.
#pragma once

#include "core/artifact/container.h"

namespace guardrank {

// Part of what chunks are: other figures cut elsewhere, and versions would share less.
inline constexpr std::uint32_t least_chunk_bytes = 16u << 10;
inline constexpr std::uint32_t usual_chunk_bytes = 64u << 10;
inline constexpr std::uint32_t most_chunk_bytes = 256u << 10;

class ChunkCutter {
 public:
  ChunkCutter();
  // The length of the first piece of a run; the last one may be shorter than the least.
  std::size_t first_length(Bytes run) const;

 private:
  std::uint64_t gear_[256];
};

// An artifact's pieces in order: header and table with the first section that has bytes (alone they
// would have the artifact's own id for a name), then each section by itself, with the zeros before the
// next: a section that did not change has the same pieces wherever it stands.
class ChunkWalk {
 public:
  // The bytes must stay; they need be neither verified nor aligned.
  explicit ChunkWalk(Bytes artifact);
  // False after the last.
  bool next(Bytes* piece);

 private:
  std::uint64_t table_number(std::uint32_t section, std::size_t at) const;

  ChunkCutter cutter_;
  Bytes artifact_;
  std::uint32_t n_sections_ = 0;
  std::uint32_t section_ = 0;            // the next whose start may be a border
  std::size_t at_ = 0;
};

}  // namespace guardrank
