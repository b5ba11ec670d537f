// What contexts contribute to the first layers, kept for contexts that are seen again: the same user
// on the next module or page. A session's own, bounded, oldest out first. Never changes a bit: sums
// are found by the network's serial number and the whole of the context's codes, from which they follow.
#pragma once

#include <cstdint>
#include <span>

#include "core/base/arena.h"
#include "core/base/hash.h"

namespace guardrank {

class ContextCache {
 public:
  // Takes memory when first needed, at most `budget_bytes`; keeps nothing where none is given.
  ContextCache(const Allocator& allocator, std::size_t budget_bytes)
      : arena_(allocator, budget_bytes), budget_bytes_(budget_bytes) {}

  // Copies the sums; false where they are not kept.
  bool find(std::uint64_t network, std::span<const std::uint8_t> codes,
            std::span<std::int32_t> sums) const;
  void add(std::uint64_t network, std::span<const std::uint8_t> codes,
           std::span<const std::int32_t> sums);

  std::size_t held_bytes() const { return arena_.reserved_bytes(); }

 private:
  struct Entry {
    std::uint64_t hash = 0;
    std::uint64_t network = 0;
    std::size_t n_codes = 0, n_sums = 0;   // n_sums 0: empty
  };

  bool open(std::size_t slot_bytes);
  std::byte* slot(std::size_t entry) const { return slots_.data() + entry * slot_bytes_; }

  Arena arena_;
  std::size_t budget_bytes_;
  std::size_t slot_bytes_ = 0;             // sums, then codes
  std::span<Entry> entries_;
  std::span<std::byte> slots_;
  std::size_t oldest_ = 0;
};

}  // namespace guardrank
