#include "core/artifact/chunk_list.h"

#include "core/base/limits.h"

namespace guardrank {
namespace {

template <typename T>
T load(Bytes bytes, std::size_t at) {
  T value;
  __builtin_memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

}  // namespace

ChunkPlace ChunkList::at(std::uint32_t index, const ChunkPlace& before) const {
  const std::size_t entry = std::size_t{index} * chunk_entry_bytes;
  ChunkPlace place;
  __builtin_memcpy(place.hash.data(), entries.data() + entry, place.hash.size());
  place.offset = before.offset + before.n_bytes;
  place.n_bytes = load<std::uint32_t>(entries, entry + place.hash.size());
  return place;
}

Status open_chunk_list(Bytes bytes, ChunkList* list, Error* error) {
  constexpr std::string_view where = "chunk list";
  if (bytes.size() < chunk_list_header_bytes) return error->set(Status::truncated, where, {"no header"});
  if (__builtin_memcmp(bytes.data(), chunk_list_magic.data(), chunk_list_magic.size()) != 0)
    return error->set(Status::identifier, where, {"another kind of file"});
  if (const auto version = load<std::uint32_t>(bytes, 8); version != chunk_list_version)
    return error->wanted(Status::version, where, {"version ", chunk_list_version}, {version});
  ChunkList read;
  read.n_chunks = load<std::uint32_t>(bytes, 12);
  read.total_bytes = load<std::uint64_t>(bytes, 16);
  read.entries = bytes.subspan(chunk_list_header_bytes);
  if (read.total_bytes > limits::artifact_bytes)
    return error->set(Status::limit, where, {"the artifact is over limits::artifact_bytes"});
  if (read.entries.size() % chunk_entry_bytes != 0 ||
      read.entries.size() / chunk_entry_bytes != read.n_chunks)
    return error->set(Status::truncated, where, {"its length is not that of its chunks"});
  ChunkPlace place;
  for (std::uint32_t i = 0; i < read.n_chunks; ++i) {
    place = read.at(i, place);
    if (place.n_bytes == 0 || place.n_bytes > limits::chunk_bytes)
      return error->wanted(Status::limit, where, {"chunks of 1 to ", limits::chunk_bytes, " bytes"},
                           {place.n_bytes});
  }
  if (place.offset + place.n_bytes != read.total_bytes)
    return error->set(Status::verify, where, {"its chunks are not as long as the artifact"});
  *list = read;
  return Status::ok;
}

Status place_chunk(const ChunkPlace& place, Bytes chunk, std::span<std::uint8_t> artifact,
                   Error* error) {
  if (chunk.size() != place.n_bytes || place.offset > artifact.size() ||
      artifact.size() - place.offset < chunk.size())
    return error->wanted(Status::truncated, "chunk", {place.n_bytes, " bytes"}, {chunk.size()});
  if (sha256(chunk) != place.hash)
    return error->set(Status::hash, "chunk", {"its bytes are not those of the list"});
  __builtin_memcpy(artifact.data() + place.offset, chunk.data(), chunk.size());
  return Status::ok;
}

}  // namespace guardrank
