#include "models/publish/chunks.h"

#include <algorithm>
#include <array>

#include "models/pack/memory.h"
#include "models/pack/pack_error.h"
#include "models/publish/key.h"

namespace guardrank::publish {
namespace {

using pack::AlignedBytes;
using pack::PackError;

// 256 numbers without a pattern: SplitMix64 (Steele, Lea, Flood 2014) from 0.
constexpr std::array<std::uint64_t, 256> gear = [] {
  std::array<std::uint64_t, 256> table{};
  std::uint64_t state = 0;
  for (std::uint64_t& entry : table) {
    state += 0x9e3779b97f4a7c15;
    std::uint64_t z = state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    entry = z ^ (z >> 31);
  }
  return table;
}();

// Borders are where these bits of the hash are all zero: its upper ones, which the last 64 bytes
// reach. Two more than the usual size has before it and two fewer after, which draws sizes to it.
constexpr int usual_bits = 16;   // 2^16 = usual_chunk_bytes
constexpr std::uint64_t upper_bits(int n) { return ~std::uint64_t{0} << (64 - n); }
static_assert(std::uint32_t{1} << usual_bits == usual_chunk_bytes);

std::size_t first_border(Bytes bytes) {
  if (bytes.size() <= least_chunk_bytes) return bytes.size();
  const std::size_t usual = std::min<std::size_t>(bytes.size(), usual_chunk_bytes);
  const std::size_t end = std::min<std::size_t>(bytes.size(), most_chunk_bytes);
  std::uint64_t hash = 0;
  for (std::size_t i = least_chunk_bytes; i < end; ++i) {
    hash = (hash << 1) + gear[bytes[i]];
    if ((hash & upper_bits(i < usual ? usual_bits + 2 : usual_bits - 2)) == 0) return i + 1;
  }
  return end;
}

void append(std::string* out, std::uint64_t value, int n_bytes) {
  for (int i = 0; i < n_bytes; ++i) *out += static_cast<char>(value >> (8 * i) & 255);
}

}  // namespace

std::string Chunk::hash_hex() const {
  return hexadecimal({reinterpret_cast<const char*>(hash.data()), hash.size()});
}

std::vector<std::uint32_t> cut_bytes(Bytes bytes) {
  std::vector<std::uint32_t> lengths;
  while (!bytes.empty()) {
    const std::size_t n = first_border(bytes);
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
  std::vector<std::size_t> borders = {0};
  // Header and table by themselves would have the artifact's own id for a name: they go with the
  // first section that has bytes.
  bool is_first = true;
  for (const Section& section : container.sections) {
    if (!is_first) borders.push_back(static_cast<std::size_t>(section.bytes.data() - artifact.data()));
    is_first = is_first && section.bytes.empty();
  }
  borders.push_back(artifact.size());
  std::vector<Chunk> chunks;
  for (std::size_t i = 0; i + 1 < borders.size(); ++i) {
    std::uint64_t offset = borders[i];
    for (const std::uint32_t n : cut_bytes(artifact.subspan(offset, borders[i + 1] - offset))) {
      chunks.push_back({offset, n, sha256(artifact.subspan(offset, n))});
      offset += n;
    }
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
