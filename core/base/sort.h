// Sorting with one body of code for all callers: the WebAssembly module would otherwise carry a copy
// per element type and comparison.
#pragma once

#include <cstdint>
#include <span>

namespace guardrank {

// A comparison of two row numbers, held by reference: the callable must outlive the call.
class RowOrder {
 public:
  template <typename Before>
  RowOrder(const Before& before)
      : self_(&before), before_([](const void* self, std::uint32_t a, std::uint32_t b) {
          return static_cast<bool>((*static_cast<const Before*>(self))(a, b));
        }) {}

  bool operator()(std::uint32_t a, std::uint32_t b) const { return before_(self_, a, b); }

 private:
  const void* self_;
  bool (*before_)(const void*, std::uint32_t, std::uint32_t);
};

// Heap sort: n log n comparisons whatever the values, no memory of its own, not stable.
void sort_rows(std::span<std::uint32_t> rows, RowOrder before);

struct KeyedRow {
  std::uint64_t key;
  std::uint32_t row;
};

// By ascending key; equal keys keep their order. Radix sort by bytes, which skips bytes that all
// keys share. `scratch` is as long as `rows`.
void sort_by_key(std::span<KeyedRow> rows, std::span<KeyedRow> scratch);

// A key that orders as the number does.
inline std::uint64_t ascending_key(std::int64_t value) {
  return static_cast<std::uint64_t>(value) ^ (std::uint64_t{1} << 63);
}
inline std::uint64_t descending_key(std::int64_t value) { return ~ascending_key(value); }

}  // namespace guardrank
