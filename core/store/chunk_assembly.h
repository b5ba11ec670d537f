// One artifact put together from pieces: those that an older version at hand has, and those that are
// fetched. Each is verified by itself before it is placed; the whole is its owner's to verify.
#pragma once

#include <span>

#include "core/artifact/chunk_list.h"

namespace guardrank {

class ChunkAssembly {
 public:
  ChunkAssembly() = default;
  ~ChunkAssembly() { close(); }
  ChunkAssembly(const ChunkAssembly&) = delete;
  ChunkAssembly& operator=(const ChunkAssembly&) = delete;

  // Reads a list whose SHA-256 is `hash`, of an artifact of so many bytes; it is needed no longer.
  // Status::hash, or what open_chunk_list says. `scratch` is used during the call.
  Status open(const Allocator& allocator, Bytes list, const Sha256Digest& hash, std::uint64_t bytes,
              Arena* scratch);
  void close();

  // Where the pieces go: as long as the artifact. It must stay until `close`.
  void put_into(std::span<std::uint8_t> artifact) { artifact_ = artifact; }
  // Takes what an older artifact has of it. Anything may stand there: pieces are told by their hashes.
  Status take_from(Bytes older, Arena* scratch);
  // A piece that is missing and was not asked for: it is now. False when there is none.
  bool ask(std::uint32_t* piece, Sha256Digest* hash, std::uint32_t* n_bytes);
  // What was asked for did not come, and is missing again.
  void give_back(std::uint32_t piece) { pieces_[piece].step = Step::missing; }
  // Status::truncated, Status::hash: it is another one.
  Status place(std::uint32_t piece, Bytes bytes);

  bool is_open() const { return !pieces_.empty(); }
  std::uint64_t missing_bytes() const { return missing_bytes_; }

 private:
  enum class Step : std::uint8_t { missing, asked, placed };
  struct Piece {
    ChunkPlace place;
    std::uint32_t first = 0;             // the first piece with these bytes
    Step step = Step::missing;
  };
  void have(std::uint32_t piece, Bytes bytes);

  Allocator allocator_{};
  std::span<Piece> pieces_;
  std::span<std::uint8_t> artifact_;
  std::uint64_t missing_bytes_ = 0;
  std::uint32_t next_ = 0;               // none before it is missing
};

}  // namespace guardrank
