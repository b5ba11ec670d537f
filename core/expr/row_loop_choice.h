// The loops over rows for this processor.
#pragma once

#include "core/expr/kernels/row_loops.h"

namespace guardrank {

inline const RowLoops& row_loops() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) return avx2_row_loops;
#endif
  return portable_row_loops;
}

}  // namespace guardrank
