#include "core/base/sort.h"

#include <algorithm>

namespace guardrank {
namespace {

// Moves the row at `at` down until neither child should stand after it.
void sift_down(std::span<std::uint32_t> rows, std::size_t at, RowOrder before) {
  for (std::size_t child = 2 * at + 1; child < rows.size(); at = child, child = 2 * at + 1) {
    if (child + 1 < rows.size() && before(rows[child], rows[child + 1])) ++child;
    if (!before(rows[at], rows[child])) return;
    std::swap(rows[at], rows[child]);
  }
}

std::uint32_t byte_of(std::uint64_t key, std::uint32_t shift) {
  return static_cast<std::uint32_t>(key >> shift) & 0xFF;
}

void sort_by_byte(std::span<const KeyedRow> from, std::uint32_t shift, std::span<KeyedRow> to) {
  std::uint32_t next[256] = {};
  for (const KeyedRow& row : from) ++next[byte_of(row.key, shift)];
  std::uint32_t start = 0;
  for (std::uint32_t& count : next) {
    const std::uint32_t size = count;
    count = start;
    start += size;
  }
  for (const KeyedRow& row : from) to[next[byte_of(row.key, shift)]++] = row;
}

}  // namespace

void sort_rows(std::span<std::uint32_t> rows, RowOrder before) {
  for (std::size_t at = rows.size() / 2; at-- > 0;) sift_down(rows, at, before);
  for (std::size_t size = rows.size(); size > 1;) {
    std::swap(rows[0], rows[--size]);
    sift_down(rows.first(size), 0, before);
  }
}

void sort_by_key(std::span<KeyedRow> rows, std::span<KeyedRow> scratch) {
  std::uint64_t varying = 0;
  for (const KeyedRow& row : rows) varying |= row.key ^ rows[0].key;
  std::span<KeyedRow> from = rows, to = scratch;
  for (std::uint32_t shift = 0; shift < 64; shift += 8) {
    if (byte_of(varying, shift) == 0) continue;
    sort_by_byte(from, shift, to);
    std::swap(from, to);
  }
  if (from.data() != rows.data()) std::copy(from.begin(), from.end(), rows.begin());
}

}  // namespace guardrank
