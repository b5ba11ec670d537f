#include "core/store/chunk_assembly.h"

#include <algorithm>
#include <new>

#include "core/artifact/chunk_cut.h"
#include "core/store/digest_index.h"

namespace guardrank {

Status ChunkAssembly::open(const Allocator& allocator, Bytes bytes, const Sha256Digest& hash,
                           std::uint64_t artifact_bytes, Arena* scratch) {
  if (sha256(bytes) != hash) return Status::hash;
  ChunkList list;
  Error error;
  GUARDRANK_TRY(open_chunk_list(bytes, &list, &error));
  if (list.total_bytes != artifact_bytes) return Status::verify;
  DigestIndex index;
  std::span<std::uint32_t> firsts;
  GUARDRANK_TRY(index.open(list.n_chunks, 0, scratch));
  GUARDRANK_TRY(scratch->make(list.n_chunks, &firsts));
  allocator_ = allocator;
  void* memory = allocator.allocate(allocator.user, list.n_chunks * sizeof(Piece), alignof(Piece));
  if (memory == nullptr) return Status::memory;
  pieces_ = {static_cast<Piece*>(memory), list.n_chunks};
  missing_bytes_ = list.total_bytes;
  next_ = 0;
  ChunkPlace place;
  for (std::uint32_t i = 0; i < list.n_chunks; ++i) {
    place = list.at(i, place);
    std::uint32_t slot = index.find(place.hash);
    if (slot == no_slot) firsts[slot = index.add(place.hash)] = i;
    ::new (&pieces_[i]) Piece{place, firsts[slot], Step::missing};
    if (pieces_[firsts[slot]].place.n_bytes != place.n_bytes) return close(), Status::verify;
  }
  return Status::ok;
}

void ChunkAssembly::close() {
  if (pieces_.empty()) return;
  allocator_.release(allocator_.user, pieces_.data(), pieces_.size_bytes(), alignof(Piece));
  pieces_ = {};
  artifact_ = {};
}

Status ChunkAssembly::take_from(Bytes older, Arena* scratch) {
  DigestIndex index;
  std::span<std::uint32_t> firsts;
  GUARDRANK_TRY(index.open(static_cast<std::uint32_t>(pieces_.size()), 0, scratch));
  GUARDRANK_TRY(scratch->make(pieces_.size(), &firsts));
  for (std::uint32_t i = 0; i < pieces_.size(); ++i)
    if (pieces_[i].first == i) firsts[index.add(pieces_[i].place.hash)] = i;
  ChunkWalk walk(older);
  for (Bytes bytes; walk.next(&bytes);) {
    const std::uint32_t slot = index.find(sha256(bytes));
    if (slot == no_slot || pieces_[firsts[slot]].step == Step::placed) continue;
    if (pieces_[firsts[slot]].place.n_bytes == bytes.size()) have(firsts[slot], bytes);
  }
  return Status::ok;
}

bool ChunkAssembly::ask(std::uint32_t* piece, Sha256Digest* hash, std::uint32_t* n_bytes) {
  while (next_ < pieces_.size() && pieces_[next_].step == Step::placed) ++next_;
  for (std::uint32_t i = next_; i < pieces_.size(); ++i) {
    Piece& found = pieces_[i];
    if (found.step != Step::missing || found.first != i) continue;
    found.step = Step::asked;
    *piece = i;
    *hash = found.place.hash;
    *n_bytes = found.place.n_bytes;
    return true;
  }
  return false;
}

Status ChunkAssembly::place(std::uint32_t piece, Bytes bytes) {
  const ChunkPlace& place = pieces_[piece].place;
  if (bytes.size() != place.n_bytes) return Status::truncated;
  if (sha256(bytes) != place.hash) return Status::hash;
  have(piece, bytes);
  return Status::ok;
}

// In every place that these bytes have. A list's places are within its artifact.
void ChunkAssembly::have(std::uint32_t piece, Bytes bytes) {
  for (std::uint32_t i = piece; i < pieces_.size(); ++i) {
    if (pieces_[i].first != piece) continue;
    std::copy(bytes.begin(), bytes.end(),
              artifact_.begin() + static_cast<std::ptrdiff_t>(pieces_[i].place.offset));
    pieces_[i].step = Step::placed;
    missing_bytes_ -= bytes.size();
  }
}

}  // namespace guardrank
