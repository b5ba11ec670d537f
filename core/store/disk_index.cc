#include "core/store/disk_index.h"

#include <algorithm>

namespace guardrank {
namespace {

constexpr std::uint8_t magic[8] = {'G', 'R', 'D', 'I', 'N', 'D', 'E', 'X'};

// Little endian, as every machine that core is built for.
template <typename T>
T load(const std::uint8_t* from) {
  T value;
  __builtin_memcpy(&value, from, sizeof value);
  return value;
}
template <typename T>
void save(T value, std::uint8_t* to) {
  __builtin_memcpy(to, &value, sizeof value);
}

Status check(std::span<const std::uint8_t> bytes) {
  if (bytes.size() < disk_index_bytes(0)) return Status::truncated;
  if (!std::equal(magic, magic + 8, bytes.begin())) return Status::identifier;
  if (load<std::uint32_t>(&bytes[8]) != disk_index_version) return Status::version;
  if (bytes.size() != disk_index_bytes(load<std::uint32_t>(&bytes[12]))) return Status::truncated;
  const std::size_t hashed = bytes.size() - disk_index_hash_bytes;
  const Sha256Digest digest = sha256(bytes.first(hashed));
  return std::equal(digest.begin(), digest.end(), &bytes[hashed]) ? Status::ok : Status::hash;
}

}  // namespace

std::size_t write_disk_index(const Cache& disk, std::span<std::uint8_t> out) {
  std::copy(magic, magic + 8, out.begin());
  save(disk_index_version, &out[8]);
  save(disk.n_resident(), &out[12]);
  std::size_t at = disk_index_header_bytes;
  for (std::uint32_t slot = 0; slot < disk.slots(); ++slot) {
    if (!disk.is_resident(slot)) continue;
    std::copy(disk.id(slot).begin(), disk.id(slot).end(), &out[at]);
    save(disk.entry(slot).bytes, &out[at + 32]);
    save(disk.entry(slot).miss_cost, &out[at + 40]);
    at += disk_index_entry_bytes;
  }
  const Sha256Digest digest = sha256(out.first(at));
  std::copy(digest.begin(), digest.end(), &out[at]);
  return at + digest.size();
}

bool admit_found(const Sha256Digest& id, std::uint64_t bytes, std::uint64_t miss_cost, Cache* disk) {
  return bytes <= disk->budget_bytes() && disk->bytes() <= disk->budget_bytes() - bytes &&
         disk->n_resident() < disk->slots() && disk->admit(id, bytes, miss_cost) != no_slot;
}

Status read_disk_index(std::span<const std::uint8_t> bytes, Cache* disk, void* user,
                       void (*dropped)(void* user, const Sha256Digest& id)) {
  GUARDRANK_TRY(check(bytes));
  const std::size_t end = bytes.size() - disk_index_hash_bytes;
  for (std::size_t at = disk_index_header_bytes; at < end; at += disk_index_entry_bytes) {
    Sha256Digest id;
    std::copy_n(&bytes[at], id.size(), id.begin());
    const auto size = load<std::uint64_t>(&bytes[at + 32]);
    if (disk->find(id) != no_slot) continue;
    if (!admit_found(id, size, load<std::uint64_t>(&bytes[at + 40]), disk)) dropped(user, id);
  }
  return Status::ok;
}

}  // namespace guardrank
