#include "models/publish/chunks.h"

#include "models/pack/memory.h"
#include "models/pack/pack_error.h"
#include "models/publish/key.h"

namespace guardrank::publish {
namespace {

using pack::AlignedBytes;
using pack::PackError;

void append(std::string* out, std::uint64_t value, int n_bytes) {
  for (int i = 0; i < n_bytes; ++i) *out += static_cast<char>(value >> (8 * i) & 255);
}

}  // namespace

std::string Chunk::hash_hex() const {
  return hexadecimal({reinterpret_cast<const char*>(hash.data()), hash.size()});
}

std::vector<std::uint32_t> cut_bytes(Bytes bytes) {
  const ChunkCutter cutter;
  std::vector<std::uint32_t> lengths;
  while (!bytes.empty()) {
    const std::size_t n = cutter.first_length(bytes);
    lengths.push_back(static_cast<std::uint32_t>(n));
    bytes = bytes.subspan(n);
  }
  return lengths;
}

std::vector<Chunk> cut_artifact(Bytes artifact) {
  pack::Memory memory;
  Container container;
  Error error;
  pack::throw_if(open_container(artifact, Check::structure, &memory.arena(), &container, &error), error);
  std::vector<Chunk> chunks;
  ChunkWalk walk(artifact);
  for (Bytes piece; walk.next(&piece);) {
    const auto offset = static_cast<std::uint64_t>(piece.data() - artifact.data());
    chunks.push_back({offset, static_cast<std::uint32_t>(piece.size()), sha256(piece)});
  }
  return chunks;
}

std::string write_chunk_list(const std::vector<Chunk>& chunks) {
  std::string list(chunk_list_magic.begin(), chunk_list_magic.end());
  append(&list, chunk_list_version, 4);
  append(&list, chunks.size(), 4);
  append(&list, chunks.empty() ? 0 : chunks.back().offset + chunks.back().n_bytes, 8);
  append(&list, 0, 8);
  for (const Chunk& chunk : chunks) {
    list.append(chunk.hash.begin(), chunk.hash.end());
    append(&list, chunk.n_bytes, 4);
    append(&list, 0, 4);
  }
  return list;
}

AlignedBytes reassemble(Bytes bytes, const Sha256Digest& id,
                        const std::function<std::string(const std::string& hash_hex)>& read) {
  Error error;
  ChunkList list;
  pack::throw_if(open_chunk_list(bytes, &list, &error), error);
  AlignedBytes artifact(list.total_bytes);
  ChunkPlace place;
  for (std::uint32_t i = 0; i < list.n_chunks; ++i) {
    place = list.at(i, place);
    const std::string chunk = read(Chunk{place.offset, place.n_bytes, place.hash}.hash_hex());
    const Bytes view(reinterpret_cast<const std::uint8_t*>(chunk.data()), chunk.size());
    pack::throw_if(place_chunk(place, view, {artifact.data(), artifact.size()}, &error), error);
  }
  pack::Memory memory;
  Container container;
  pack::throw_if(open_container(artifact, Check::full, &memory.arena(), &container, &error), error);
  if (container.id != id) throw PackError(Status::hash, "chunk list", "it makes another artifact");
  return artifact;
}

}  // namespace guardrank::publish
