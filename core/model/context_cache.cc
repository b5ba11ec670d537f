#include "core/model/context_cache.h"

#include <cstring>

namespace guardrank {
namespace {

// More would take longer to look through than they are likely to be hit.
constexpr std::size_t most_entries = 256;

std::uint64_t hash_of(std::uint64_t network, std::span<const std::uint8_t> codes) {
  return xxh64(codes, network);
}

}  // namespace

bool ContextCache::find(std::uint64_t network, std::span<const std::uint8_t> codes,
                        std::span<std::int32_t> sums) const {
  const std::uint64_t hash = hash_of(network, codes);
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const Entry& entry = entries_[i];
    if (entry.hash != hash || entry.n_sums != sums.size() || entry.n_codes != codes.size()) continue;
    const std::byte* kept = slot(i);
    if (sums.empty() || entry.network != network) continue;
    if (std::memcmp(kept + sums.size_bytes(), codes.data(), codes.size()) != 0) continue;
    std::memcpy(sums.data(), kept, sums.size_bytes());
    return true;
  }
  return false;
}

void ContextCache::add(std::uint64_t network, std::span<const std::uint8_t> codes,
                       std::span<const std::int32_t> sums) {
  const std::size_t wanted = sums.size_bytes() + codes.size();
  if (sums.empty() || codes.empty() || (wanted > slot_bytes_ && !open(wanted))) return;
  if (entries_.empty()) return;
  entries_[oldest_] = {hash_of(network, codes), network, codes.size(), sums.size()};
  std::memcpy(slot(oldest_), sums.data(), sums.size_bytes());
  std::memcpy(slot(oldest_) + sums.size_bytes(), codes.data(), codes.size());
  oldest_ = (oldest_ + 1) % entries_.size();
}

// All slots are as large as the largest model in use needs; a larger one starts anew.
bool ContextCache::open(std::size_t slot_bytes) {
  constexpr std::size_t spare = 1024;      // what the arena takes for itself
  const std::size_t rounded = (slot_bytes + 63) / 64 * 64;
  const std::size_t room = budget_bytes_ > spare ? budget_bytes_ - spare : 0;
  const std::size_t affordable = room / (rounded + sizeof(Entry));
  const std::size_t n = affordable < most_entries ? affordable : most_entries;
  if (n == 0) return false;                // and what another model keeps stays
  arena_.release();
  entries_ = {};
  slots_ = {};
  slot_bytes_ = 0;
  oldest_ = 0;
  std::span<Entry> entries;
  std::span<std::byte> slots;
  if (arena_.make_uninitialised(n * rounded, &slots) != Status::ok ||
      arena_.make(n, &entries) != Status::ok) {
    arena_.release();
    return false;
  }
  entries_ = entries;
  slots_ = slots;
  slot_bytes_ = rounded;
  return true;
}

}  // namespace guardrank
