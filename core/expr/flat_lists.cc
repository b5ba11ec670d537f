#include "core/expr/flat_lists.h"

#include <algorithm>

namespace guardrank {

void FlatRows::name_rows(std::uint32_t* rows) const {
  const std::uint32_t n = n_elements();
  for (std::uint32_t row = row_, at = 0; at < n; ++row)
    for (const std::uint32_t end = std::min(lists_.offsets[row + 1] - first_, n); at < end; ++at)
      rows[at] = row;
}

// Counts of the marks before each element differ where a row has one: no branch on lists' sizes,
// which are hard to foresee.
void FlatRows::find(const std::uint8_t* marks, std::uint8_t sought) {
  std::uint16_t counts[longest_tile + 1];
  const std::uint32_t n = n_elements(), n_rows = n_rows_, first = first_;
  const std::uint32_t* ends = lists_.offsets + 1;
  std::uint8_t* found = found_;
  std::uint32_t count = 0;
  for (std::uint32_t i = 0; i < n; ++i) {
    counts[i] = static_cast<std::uint16_t>(count);
    count += marks[i] ^ sought ^ 1u;
  }
  counts[n] = static_cast<std::uint16_t>(count);
  std::uint32_t row = row_;
  std::uint16_t before = 0;
  for (std::uint32_t end = 0; row < n_rows && end < n; ++row) {
    end = std::min(ends[row] - first, n);
    found[row] = counts[end] != before ? sought : found[row];
    before = counts[end];
  }
  row_ = row - 1;
}

void FlatRows::go_on() {
  first_ += n_elements();
  while (row_ < n_rows_ && lists_.offsets[row_ + 1] <= first_) ++row_;
}

}  // namespace guardrank
