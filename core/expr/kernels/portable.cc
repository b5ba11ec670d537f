#include "core/expr/kernels/loops.h"

namespace guardrank {
namespace {

std::uint32_t find_sized(const std::size_t* sizes, std::uint32_t n, std::size_t size,
                         bool or_more, std::uint16_t* places) {
  return find_sized_from(0, sizes, n, size, or_more, places);
}

}  // namespace

const RowLoops portable_row_loops = make_row_loops(find_sized);

}  // namespace guardrank
