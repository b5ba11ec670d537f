// Blobs whose fetch broke off: what came is kept as their beginning, and the rest asked for by range.
// Nothing vouches for it but its header and table until the whole is verified.
#include <algorithm>

#include "core/base/limits.h"
#include "core/store/store.h"

namespace guardrank {
namespace {

// A try that brings on a blob by one part in so many is none of its attempts, so many times at most:
// who drips, or lies about what comes after, holds a load for a while and no longer.
constexpr std::uint32_t n_free_tries = 32;

}  // namespace

// Header and table hash to the id, before any room is made for the bytes.
Status Store::check_beginning(const Sha256Digest& id, Bytes bytes) {
  if (bytes.size() < header_bytes) return Status::truncated;
  std::uint32_t count = 0;
  __builtin_memcpy(&count, &bytes[24], sizeof count);
  if (count > limits::sections) return Status::hash;
  const std::size_t size = header_bytes + count * section_entry_bytes;
  if (size > bytes.size()) return Status::truncated;
  return sha256(bytes.first(size)) == id ? Status::ok : Status::hash;
}

// Room for the whole, since the header is vouched for and says how long it is; but not at the cost of another
// load's prefix, which would be had at the cost of this one the next time.
bool Store::begin_prefix(std::uint32_t slot, Bytes bytes) {
  Load& load = loads_[slot];
  if (load.is_shard || check_beginning(tiers_.id(slot), bytes) != Status::ok) return false;
  std::uint64_t total = 0;
  __builtin_memcpy(&total, &bytes[16], sizeof total);
  std::uint32_t memory_slot = no_slot;
  if (total < bytes.size() || total > most_bytes() || (load.bytes != 0 && load.bytes != total) ||
      make_room(slot, total, &memory_slot, false) != Status::ok)
    return false;
  load.bytes = total;
  return true;
}

// True where a try that failed has brought the load on, so far that it is not counted.
bool Store::keep_prefix(std::uint32_t slot, Bytes bytes) {
  Load& load = loads_[slot];
  if (bytes.empty()) return false;
  load.has_ranges |= load.prefix != 0;
  if (load.prefix == 0 && !begin_prefix(slot, bytes)) return false;
  // One byte stays to be asked for, whatever was handed over.
  const std::uint64_t n = std::min<std::uint64_t>(bytes.size(), load.bytes - 1 - load.prefix);
  const Blob& blob = blobs_[tiers_.memory().find(tiers_.id(slot))];
  __builtin_memcpy(blob.memory + load.prefix, bytes.data(), static_cast<std::size_t>(n));
  load.prefix += n;
  if (n < load.bytes / n_free_tries || load.free_tries >= n_free_tries) return false;
  ++load.free_tries;
  return true;
}

// The rest came, or from a server without ranges the whole. What the host says of hashes is then of the
// rest, which may look like anything.
Status Store::resume(std::uint32_t slot, Bytes bytes, std::uint32_t* memory_slot) {
  Load& load = loads_[slot];
  *memory_slot = tiers_.memory().find(tiers_.id(slot));
  Blob& blob = blobs_[*memory_slot];
  Status status = Status::truncated;
  const std::uint64_t at = bytes.size() == blob.size ? 0 : load.prefix;
  if (at != 0) section_hashes_ = {};
  if (bytes.size() == blob.size - at) {
    __builtin_memcpy(blob.memory + at, bytes.data(), bytes.size());
    status = verify_blob(tiers_.id(slot), false, &blob);
  }
  if (status != Status::ok) drop_prefix(slot);
  load.prefix = 0;
  return status;
}

// What is asked for of the rest is asked for from the start. False where there is none.
bool Store::drop_prefix(std::uint32_t slot) {
  Load& load = loads_[slot];
  if (load.prefix == 0) return false;
  load.prefix = 0;
  free_blob(tiers_.memory().find(tiers_.id(slot)));
  tiers_.unreserve(slot);
  if (load.step != LoadStep::asked) return true;
  load.need = 0;
  --n_asked_;
  queue_load(slot);
  return true;
}

}  // namespace guardrank
