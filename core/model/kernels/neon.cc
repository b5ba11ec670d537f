// aarch64 without dot product: products to int16, whose pairs (at most 2 * 127 * 128 in size) are
// added there and then to the int32 sums.
#include "core/model/kernels/neon_lanes.h"

namespace guardrank {
namespace {

struct Neon : NeonLanes {
  static constexpr int rows_by_1 = 4;
  static GUARDRANK_INLINE Ints add_products(Ints sums, Codes codes, Weights weights) {
    const int16x8_t low = vmull_s8(vget_low_s8(codes), vget_low_s8(weights));
    const int16x8_t high = vmull_high_s8(codes, weights);
    return vpadalq_s16(sums, vpaddq_s16(low, high));
  }
};

}  // namespace

const Kernel neon_kernel = {"neon",        run_layer<Neon>, add_kept_sums<Neon>,
                            softmax<Neon>, mix<Neon>,       quantise<Neon>};

}  // namespace guardrank
