// aarch64 with dot product (ARMv8.2, 2018 and later): sdot adds four products to each of four sums.
#include "core/model/kernels/neon_lanes.h"

namespace guardrank {
namespace {

struct NeonDot : NeonLanes {
  static constexpr int rows_by_1 = 6;   // 24 sums of 32 registers
  static GUARDRANK_INLINE Ints add_products(Ints sums, Codes codes, Weights weights) {
    return vdotq_s32(sums, codes, weights);
  }
};

}  // namespace

const Kernel neon_dot_kernel = {"neon_dot",       run_layer<NeonDot>, add_kept_sums<NeonDot>,
                                softmax<NeonDot>, mix<NeonDot>,       quantise<NeonDot>};

}  // namespace guardrank
