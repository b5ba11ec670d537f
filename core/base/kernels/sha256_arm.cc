// The SHA-256 instructions of ARMv8's cryptographic extension.
#include <arm_neon.h>

#include "core/base/kernels/sha256_kernel.h"

namespace guardrank {

void sha256_arm(std::uint32_t* state, const std::uint8_t* blocks, std::size_t n_blocks) {
  uint32x4_t abcd = vld1q_u32(state), efgh = vld1q_u32(state + 4);
  for (; n_blocks != 0; --n_blocks, blocks += 64) {
    const uint32x4_t abcd_before = abcd, efgh_before = efgh;
    uint32x4_t words[4];
    for (int i = 0; i < 16; ++i) {
      uint32x4_t& next = words[i % 4];
      if (i < 4) {
        next = vreinterpretq_u32_u8(vrev32q_u8(vld1q_u8(blocks + 16 * i)));
      } else {
        next = vsha256su1q_u32(vsha256su0q_u32(next, words[(i + 1) % 4]), words[(i + 2) % 4],
                               words[(i + 3) % 4]);
      }
      const uint32x4_t sum = vaddq_u32(next, vld1q_u32(sha256_constants + 4 * i));
      const uint32x4_t abcd_now = abcd;
      abcd = vsha256hq_u32(abcd, efgh, sum);
      efgh = vsha256h2q_u32(efgh, abcd_now, sum);
    }
    abcd = vaddq_u32(abcd, abcd_before);
    efgh = vaddq_u32(efgh, efgh_before);
  }
  vst1q_u32(state, abcd);
  vst1q_u32(state + 4, efgh);
}

}  // namespace guardrank
