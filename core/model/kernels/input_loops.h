// The loops over dense inputs, as loops.h has those over layers.
#pragma once

#include "core/model/kernels/loops.h"

namespace guardrank {
namespace {

// What every code of a column takes: the clamps, and a rounding half to even by adding 1.5 * 2^23,
// which leaves the spacing 1 for values within +-255. The order changes nothing, since the bounds are
// whole.
template <typename Set>
GUARDRANK_INLINE typename Set::Ints quantised(const float* values, float scale,
                                              std::uint8_t zero_point) {
  using Floats = typename Set::Floats;
  const Floats magic = Set::splat(12582912.0f), zero = Set::splat(static_cast<float>(zero_point));
  const Floats least = Set::splat(-static_cast<float>(zero_point));
  const Floats most = Set::splat(127.0f - static_cast<float>(zero_point));
  Floats value = Set::divide(Set::load_floats(values), Set::splat(scale));
  value = Set::smaller(Set::larger(value, least), most);
  value = Set::subtract(Set::add(value, magic), magic);
  return Set::to_ints(Set::add(value, zero));
}

// Sixteen values.
template <typename Set>
GUARDRANK_INLINE void quantise_block(const QuantiseTask& task, const float* values,
                                     std::uint8_t* codes) {
  constexpr int vectors = Finish<Set>::per_block;
  typename Set::Ints rounded[vectors];
  GUARDRANK_UNROLL
  for (int v = 0; v < vectors; ++v) {
    rounded[v] = quantised<Set>(values + v * Set::lanes, task.scale, task.zero_point);
  }
  Set::store_codes(codes, rounded);
}

template <typename Set>
void quantise(const QuantiseTask* task) {
  std::uint8_t* to = task->codes;
  for (std::uint32_t i = 0; i < task->n; i += outputs_per_block) {
    const std::uint32_t left = task->n - i;
    const std::uint32_t n = left < outputs_per_block ? left : outputs_per_block;
    float values[outputs_per_block] = {};
    std::uint8_t codes[outputs_per_block];
    __builtin_memcpy(values, task->values + i, n * sizeof(float));
    quantise_block<Set>(*task, values, codes);
    for (std::uint32_t k = 0; k < n; ++k, to += task->stride) *to = codes[k];
  }
}

// One vector of rows of every column: four columns' codes in a lane, then rows side by side.
template <typename Set>
GUARDRANK_INLINE void quantise_rows(const QuantiseColumnsTask& task, std::uint32_t row,
                                    std::uint32_t n, std::uint8_t* codes, std::size_t stride) {
  constexpr int columns_per_lane = 4, n_packed = columns_at_once / columns_per_lane;
  typename Set::Ints packed[n_packed];
  for (int p = 0; p < n_packed; ++p) {
    packed[p] = Set::splat_int(0);
    GUARDRANK_UNROLL
    for (int k = columns_per_lane - 1; k >= 0; --k) {
      const QuantisedColumn& column = task.columns[p * columns_per_lane + k];
      packed[p] = Set::shifted_by_8(packed[p]);
      if (column.values == nullptr) continue;
      const float* values = column.values + row;
      float few[Set::lanes] = {};
      if (n < Set::lanes) {
        __builtin_memcpy(few, values, n * sizeof(float));
        values = few;
      }
      packed[p] = Set::add(packed[p], quantised<Set>(values, column.scale, column.zero_point));
    }
  }
  Set::store_rows(packed, codes, stride);
}

template <typename Set>
void quantise_columns(const QuantiseColumnsTask* task) {
  constexpr auto lanes = static_cast<std::uint32_t>(Set::lanes);
  std::uint32_t row = 0;
  for (; row + lanes <= task->n_rows; row += lanes) {
    quantise_rows<Set>(*task, row, lanes, task->codes + row * task->stride, task->stride);
  }
  if (row == task->n_rows) return;
  std::uint8_t codes[lanes * columns_at_once];
  quantise_rows<Set>(*task, row, task->n_rows - row, codes, columns_at_once);
  for (std::uint32_t k = 0; row < task->n_rows; ++row, ++k) {
    __builtin_memcpy(task->codes + row * task->stride, codes + k * columns_at_once,
                     columns_at_once);
  }
}

}  // namespace
}  // namespace guardrank
