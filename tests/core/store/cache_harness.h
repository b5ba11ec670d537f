// A cache with small numbers for ids, and a log of what it evicted.
#pragma once

#include <doctest/doctest.h>

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "core/store/cache.h"
#include "tests/core/store/digests.h"
#include "tests/core/support/test_memory.h"

namespace guardrank {

class CacheHarness {
 public:
  CacheHarness(PolicyKind policy, std::uint64_t budget, std::uint32_t slots,
               PolicyTuning tuning = {})
      : arena_(memory_.allocator(), 1 << 24) {
    CacheOptions options;
    options.policy = policy;
    options.budget_bytes = budget;
    options.slots = slots;
    options.tuning = tuning;
    REQUIRE(cache.open(options, {this, &CacheHarness::note}, &arena_) == Status::ok);
  }

  Sha256Digest id(std::uint64_t n) {
    const auto [at, is_new] = ids_.try_emplace(n);
    if (is_new) numbers_[at->second = numbered_digest(n)] = n;
    return at->second;
  }
  std::uint32_t slot(std::uint64_t n) { return cache.find(id(n)); }
  bool has(std::uint64_t n) { return slot(n) != no_slot; }
  bool admit(std::uint64_t n, std::uint64_t bytes = 100, std::uint64_t cost = 1) {
    return cache.admit(id(n), bytes, cost) != no_slot;
  }
  void use(std::uint64_t n, int times = 1) {
    for (; times > 0; --times) cache.use(slot(n));
  }
  // What was evicted since this was asked last.
  std::vector<std::uint64_t> evicted() { return std::exchange(evicted_, {}); }
  std::size_t n_allocations() const { return memory_.n_allocations; }

  Cache cache;

 private:
  static void note(void* user, const Sha256Digest& id, std::uint32_t) {
    auto* self = static_cast<CacheHarness*>(user);
    self->evicted_.push_back(self->numbers_.at(id));
  }

  TestMemory memory_;
  Arena arena_;
  std::map<std::uint64_t, Sha256Digest> ids_;
  std::map<Sha256Digest, std::uint64_t> numbers_;
  std::vector<std::uint64_t> evicted_;
};

using Numbers = std::vector<std::uint64_t>;

}  // namespace guardrank
