// The loops with 256 bits; sizes four at a time, the rows that have theirs moved to the front.
#include <immintrin.h>

#include "core/expr/kernels/loops.h"

namespace guardrank {
namespace {

struct Rows {
  std::uint16_t row[4];
};

// By a mask of four rows: those in it first, ascending.
struct PackedRows {
  Rows of[16];
};
constexpr PackedRows pack_rows() {
  PackedRows packed{};
  for (unsigned mask = 0; mask < 16; ++mask)
    for (unsigned row = 0, at = 0; row < 4; ++row)
      if ((mask >> row & 1) != 0) packed.of[mask].row[at++] = static_cast<std::uint16_t>(row);
  return packed;
}
constexpr PackedRows packed_rows = pack_rows();

std::uint32_t find_sized(const std::size_t* sizes, std::uint32_t n, std::size_t size,
                         bool or_more, std::uint16_t* places) {
  const __m256i wanted = _mm256_set1_epi64x(static_cast<long long>(size));
  std::uint32_t n_places = 0, i = 0;
  // The word after a group's last size is read with it, so the last rows are left to the loop below.
  for (; i + 4 < n; i += 4) {
    const auto* at = reinterpret_cast<const __m256i*>(sizes + i * size_stride);
    const __m256i mixed =
        _mm256_unpacklo_epi64(_mm256_loadu_si256(at), _mm256_loadu_si256(at + 1));
    const __m256i more =
        _mm256_sub_epi64(_mm256_permute4x64_epi64(mixed, _MM_SHUFFLE(3, 1, 2, 0)), wanted);
    const __m256i has_size = or_more ? _mm256_cmpgt_epi64(more, _mm256_set1_epi64x(-1))
                                     : _mm256_cmpeq_epi64(more, _mm256_setzero_si256());
    const auto mask = static_cast<unsigned>(_mm256_movemask_pd(_mm256_castsi256_pd(has_size)));
    const __m128i rows =
        _mm_loadl_epi64(reinterpret_cast<const __m128i*>(packed_rows.of[mask].row));
    _mm_storel_epi64(reinterpret_cast<__m128i*>(places + n_places),
                     _mm_add_epi16(rows, _mm_set1_epi16(static_cast<short>(i))));
    n_places += static_cast<std::uint32_t>(__builtin_popcount(mask));
  }
  return n_places + find_sized_from(i, sizes, n, size, or_more, places + n_places);
}

}  // namespace

const RowLoops avx2_row_loops = make_row_loops(find_sized);

}  // namespace guardrank
