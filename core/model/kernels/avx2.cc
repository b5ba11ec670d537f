// AVX2: vpmaddubsw on u7 codes and s8 weights (a pair cannot saturate), widened by vpmaddwd.
#include "core/model/kernels/avx2_lanes.h"

namespace guardrank {
namespace {

struct Avx2 : Avx2Lanes {
  static GUARDRANK_INLINE Ints add_products(Ints sums, Codes codes, Weights weights) {
    const __m256i pairs = _mm256_maddubs_epi16(codes, weights);
    return add(sums, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
  }
};

}  // namespace

const Kernel avx2_kernel = {"avx2", run_layer<Avx2>, add_kept_sums<Avx2>,
                            softmax<Avx2>, mix<Avx2>, quantise<Avx2>,
                            true, quantise_columns<Avx2>};

}  // namespace guardrank
