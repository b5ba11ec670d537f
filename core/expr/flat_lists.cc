#include "core/expr/flat_lists.h"

namespace guardrank {

// Counts of the marks before each element differ where a row has one: no branch on lists' sizes,
// which are hard to foresee.
void FlatRows::find(const std::uint8_t* marks, std::uint8_t sought) {
  std::uint16_t counts[longest_tile + 1];
  const std::uint32_t n = n_elements(), n_rows = n_rows_, first = first_;
  const std::uint32_t* ends = lists_.offsets + 1;
  std::uint8_t* found = found_;
  std::uint16_t before = 0;
  for (std::uint32_t i = 0; i < n; ++i) {
    counts[i] = before;
    before = static_cast<std::uint16_t>(before + (marks[i] ^ sought ^ 1u));
  }
  counts[n] = before;
  std::uint32_t row = row_;
  before = 0;
  // The last row's list may go on in the next chunk.
  for (; row < n_rows; ++row) {
    const std::uint32_t end = std::min(ends[row] - first, n);
    found[row] = counts[end] != before ? sought : found[row];
    before = counts[end];
    if (end == n) break;
  }
  row_ = row;
  first_ = first + n;
}

}  // namespace guardrank
