// Lists of texts as columns have them, one after the other: what is asked of each element is asked of
// a chunk of them at once, and put together again by where each row's begin.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "core/expr/machine.h"

namespace guardrank {

class FlatRows {
 public:
  // A chunk has up to `most_elements`, at most longest_tile. `found`: a byte per row.
  FlatRows(const FlatLists& lists, std::uint32_t n_rows, std::uint32_t most_elements,
           std::uint8_t* found)
      : lists_(lists), n_rows_(n_rows), most_elements_(most_elements), found_(found),
        first_(lists.offsets[0]) {}

  // The present chunk; empty when all have been gone over.
  const std::string_view* elements() const { return lists_.texts + first_; }
  std::uint32_t n_elements() const {
    return std::min(lists_.offsets[n_rows_] - first_, most_elements_);
  }
  // found[row] = sought for rows with an element whose mark, 0 or 1, is that; then goes on to the
  // next chunk.
  void find(const std::uint8_t* marks, std::uint8_t sought);

 private:
  const FlatLists& lists_;
  const std::uint32_t n_rows_, most_elements_;
  std::uint8_t* const found_;
  std::uint32_t first_, row_ = 0;   // the chunk's first element and its row, or one before it
};

}  // namespace guardrank
