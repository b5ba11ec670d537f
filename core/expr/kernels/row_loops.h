// The plainest loops over rows, once per instruction set; all give the same bits. Kernel files
// include this header, the shared loops and intrinsics only, and leave no function that another
// file could share.
#pragma once

#include <cstddef>
#include <cstdint>

namespace guardrank {

// In the order of the operations' codes.
inline constexpr unsigned n_number_loops = 6;   // + - * / least greatest
enum class Comparison : std::uint8_t { less, less_equal, equal, not_equal };
inline constexpr unsigned n_comparisons = 4;

// out[i] from a[i] and b[i]; `out` overlaps neither.
template <typename T, typename Result>
using RowLoop = void (*)(const T* a, const T* b, std::uint32_t n, Result* out);

struct RowLoops {
  RowLoop<double, double> numbers[n_number_loops];
  RowLoop<double, std::uint8_t> compare_numbers[n_comparisons];         // 0 or 1
  RowLoop<std::int64_t, std::uint8_t> compare_integers[n_comparisons];
  // out[i] = picks[i] != 0 ? a[i] : b[i]
  void (*select_words)(const std::uint8_t* picks, const std::uint64_t* a, const std::uint64_t* b,
                       std::uint32_t n, std::uint64_t* out);
  // Writes the rows whose size is `size`, or at least that where `or_more`; returns how many. Sizes
  // stand `size_stride` words apart. At most 65,536 rows; room for n + spare_places.
  std::uint32_t (*find_sized)(const std::size_t* sizes, std::uint32_t n, std::size_t size,
                              bool or_more, std::uint16_t* places);
};
inline constexpr std::uint32_t size_stride = 2, spare_places = 4;

extern const RowLoops portable_row_loops;
#if defined(__x86_64__)
extern const RowLoops avx2_row_loops;
#endif

}  // namespace guardrank
