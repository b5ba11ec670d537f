// SHA extensions of x86 (with SSSE3 and SSE4.1 for their bytes).
#include <immintrin.h>

#include "core/base/kernels/sha256_kernel.h"

namespace guardrank {

namespace {

__m128i load(const void* from) { return _mm_loadu_si128(static_cast<const __m128i*>(from)); }

// The next four words of the schedule, from the sixteen before them.
__m128i schedule(__m128i w0, __m128i w1, __m128i w2, __m128i w3) {
  const __m128i seventh = _mm_alignr_epi8(w3, w2, 4);   // words 9 to 12
  return _mm_sha256msg2_epu32(_mm_add_epi32(_mm_sha256msg1_epu32(w0, w1), seventh), w3);
}

// Four rounds; the instruction takes two words at a time.
void rounds(__m128i* abef, __m128i* cdgh, __m128i words, const std::uint32_t* constants) {
  const __m128i sum = _mm_add_epi32(words, load(constants));
  *cdgh = _mm_sha256rnds2_epu32(*cdgh, *abef, sum);
  *abef = _mm_sha256rnds2_epu32(*abef, *cdgh, _mm_shuffle_epi32(sum, 0x0E));
}

}  // namespace

void sha256_x86(std::uint32_t* state, const std::uint8_t* blocks, std::size_t n_blocks) {
  const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
  // The instructions want a, b, e, f and c, d, g, h together, the first in the highest lane.
  const __m128i dcba = load(state), hgfe = load(state + 4);
  const __m128i cdab = _mm_shuffle_epi32(dcba, 0xB1), efgh = _mm_shuffle_epi32(hgfe, 0x1B);
  __m128i abef = _mm_alignr_epi8(cdab, efgh, 8);
  __m128i cdgh = _mm_blend_epi16(efgh, cdab, 0xF0);
  for (; n_blocks != 0; --n_blocks, blocks += 64) {
    const __m128i abef_before = abef, cdgh_before = cdgh;
    __m128i words[4];
    for (int i = 0; i < 4; ++i) {
      words[i] = _mm_shuffle_epi8(load(blocks + 16 * i), big_endian);
      rounds(&abef, &cdgh, words[i], sha256_constants + 4 * i);
    }
    for (int i = 4; i < 16; ++i) {
      __m128i& next = words[i % 4];
      next = schedule(next, words[(i + 1) % 4], words[(i + 2) % 4], words[(i + 3) % 4]);
      rounds(&abef, &cdgh, next, sha256_constants + 4 * i);
    }
    abef = _mm_add_epi32(abef, abef_before);
    cdgh = _mm_add_epi32(cdgh, cdgh_before);
  }
  const __m128i feba = _mm_shuffle_epi32(abef, 0x1B), dchg = _mm_shuffle_epi32(cdgh, 0xB1);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(state), _mm_blend_epi16(feba, dchg, 0xF0));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(state + 4), _mm_alignr_epi8(dchg, feba, 8));
}

}  // namespace guardrank
