// Which blobs the host's disk holds, as a file there: so that the budget is kept across restarts. It
// is written before the blobs that it names, and after those it no longer names are gone; so it never
// names too few.
#pragma once

#include <cstdint>

#include "core/store/cache.h"

namespace guardrank {

inline constexpr std::size_t disk_index_header_bytes = 16;   // "GRDINDEX", version, entries
inline constexpr std::size_t disk_index_entry_bytes = 48;    // id, bytes, miss cost
inline constexpr std::size_t disk_index_hash_bytes = 32;     // SHA-256 of what stands before
inline constexpr std::uint32_t disk_index_version = 1;

constexpr std::size_t disk_index_bytes(std::size_t entries) {
  return disk_index_header_bytes + entries * disk_index_entry_bytes + disk_index_hash_bytes;
}

// Writes what is resident into `out`, which holds disk_index_bytes(disk.slots()). The bytes used.
std::size_t write_disk_index(const Cache& disk, std::span<std::uint8_t> out);

// Admits a blob that is there if it fits beside the others.
bool admit_found(const Sha256Digest& id, std::uint64_t bytes, std::uint64_t miss_cost, Cache* disk);

// Admits what the index names to an empty cache, as far as it fits; `dropped` is told of the rest.
// Status::hash, version or truncated for bytes that are no index; the cache is then still empty.
Status read_disk_index(std::span<const std::uint8_t> bytes, Cache* disk, void* user,
                       void (*dropped)(void* user, const Sha256Digest& id));

}  // namespace guardrank
