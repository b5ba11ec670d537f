// AVX-VNNI: vpdpbusd adds four products of u8 codes and s8 weights to each of eight sums.
#include "core/model/kernels/avx2_lanes.h"

namespace guardrank {
namespace {

struct AvxVnni : Avx2Lanes {
  static constexpr int rows_by_1 = 6;   // twelve sums hide the latency of two units
  static GUARDRANK_INLINE Ints add_products(Ints sums, Codes codes, Weights weights) {
    return _mm256_dpbusd_avx_epi32(sums, codes, weights);
  }
};

}  // namespace

const Kernel avx_vnni_kernel = {"avx_vnni", run_layer<AvxVnni>, add_kept_sums<AvxVnni>,
                                softmax<AvxVnni>, mix<AvxVnni>, quantise<AvxVnni>,
                            true, quantise_columns<AvxVnni>};

}  // namespace guardrank
