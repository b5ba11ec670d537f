// The loops of kernel.h once for all instruction sets, as templates over a Set: what the vectors of
// an instruction set do. Everything here is internal to the kernel file that includes it (the Set
// is a type without linkage outside it), so no two instruction sets can share a function.
//
// A Set has `lanes` (int32 or float values per vector), its types of vectors, the largest tile of
// rows per number of blocks, and static functions; avx2_lanes.h is the model.
#pragma once

#include "core/model/kernels/kernel.h"

#define GUARDRANK_INLINE __attribute__((always_inline)) inline
#if defined(__clang__)
#define GUARDRANK_UNROLL _Pragma("clang loop unroll(full)")
#else
#define GUARDRANK_UNROLL _Pragma("GCC unroll 16")
#endif

namespace guardrank {
namespace {

// Sums of a tile of rows by blocks of outputs, to where the task wants them.
template <typename Set>
struct Finish {
  using Ints = typename Set::Ints;
  static constexpr int per_block = static_cast<int>(outputs_per_block) / Set::lanes;

  template <int blocks>
  static GUARDRANK_INLINE void requantise(Ints* values, const float* multiplier) {
    GUARDRANK_UNROLL
    for (int v = 0; v < blocks * per_block; ++v) {
      values[v] = Set::codes_of(Set::multiply(
          Set::to_floats(values[v]), Set::load_floats(multiplier + v * Set::lanes)));
    }
  }

  template <int blocks>
  static GUARDRANK_INLINE void store(const Ints* values, std::int32_t* to) {
    GUARDRANK_UNROLL
    for (int v = 0; v < blocks * per_block; ++v) Set::store(to + v * Set::lanes, values[v]);
  }

  template <int blocks>
  static GUARDRANK_INLINE void store_codes(const Ints* values, std::uint8_t* to) {
    if constexpr (blocks == 4 && Set::stores_four_blocks) {
      Set::store_four_blocks(to, values);
    } else {
      GUARDRANK_UNROLL
      for (int b = 0; b < blocks; ++b) {
        Set::store_codes(to + b * static_cast<int>(outputs_per_block), values + b * per_block);
      }
    }
  }

  template <int blocks>
  static GUARDRANK_INLINE void add_base(Ints* values, const std::int32_t* base) {
    GUARDRANK_UNROLL
    for (int v = 0; v < blocks * per_block; ++v) {
      values[v] = Set::add(Set::load(base + v * Set::lanes), values[v]);
    }
  }

  template <int blocks>
  static GUARDRANK_INLINE void round(Ints* values, const LayerTask& task) {
    const typename Set::Count count = Set::count_of(task.shift);
    GUARDRANK_UNROLL
    for (int v = 0; v < blocks * per_block; ++v) values[v] = Set::shift(values[v], count);
    if (!task.may_saturate) return;
    GUARDRANK_UNROLL
    for (int v = 0; v < blocks * per_block; ++v) values[v] = Set::clamp_to_int16(values[v]);
  }

  // Some blocks of one row.
  template <int blocks>
  static GUARDRANK_INLINE void row(const LayerTask& task, std::uint32_t row, std::uint32_t o,
                                   Ints* values) {
    if (task.rounds) {
      round<blocks>(values, task);
      add_base<blocks>(values, task.base.first + row * task.base.stride + o);
    }
    if (task.multiplier == nullptr) {
      store<blocks>(values, task.totals.first + row * task.totals.stride + o);
    } else {
      requantise<blocks>(values, task.multiplier + o);
      store_codes<blocks>(values, task.requantised.first + row * task.requantised.stride + o);
    }
  }
};

// One block of one row out of line, for modules that are downloaded.
template <typename Set>
__attribute__((noinline)) void finish_apart(const LayerTask& task, std::uint32_t row,
                                            std::uint32_t o, typename Set::Ints* values) {
  Finish<Set>::template row<1>(task, row, o, values);
}

// `rows` rows share each load of the weights of `blocks` blocks.
template <typename Set, int rows, int blocks>
GUARDRANK_INLINE void run_tile(const LayerTask& task, std::uint32_t row, std::uint32_t o) {
  using Ints = typename Set::Ints;
  constexpr int per_block = Finish<Set>::per_block, vectors = blocks * per_block;
  const std::size_t n_in = task.weights->n_in, stride = task.codes.stride;
  const std::int8_t* weights = task.weights->bytes + std::size_t{o} * n_in;
  const std::uint8_t* codes = task.codes.first + row * stride;
  typename Set::Sums sums[rows][vectors];
  GUARDRANK_UNROLL
  for (int v = 0; v < vectors; ++v) {
    const typename Set::Sums initial = Set::start(Set::load(task.initial + o + v * Set::lanes));
    GUARDRANK_UNROLL
    for (int r = 0; r < rows; ++r) sums[r][v] = initial;
  }
  for (std::size_t i = 0; i < n_in; i += inputs_per_group, weights += 64) {
    typename Set::Weights loaded[vectors];
    GUARDRANK_UNROLL
    for (int v = 0; v < vectors; ++v) {
      loaded[v] = Set::load_weights(weights + static_cast<std::size_t>(v / per_block) *
                                                  outputs_per_block * n_in +
                                    v % per_block * Set::lanes * 4);
    }
    GUARDRANK_UNROLL
    for (int r = 0; r < rows; ++r) {
      const typename Set::Codes four =
          Set::load_group(codes + static_cast<std::size_t>(r) * stride + i);
      GUARDRANK_UNROLL
      for (int v = 0; v < vectors; ++v) sums[r][v] = Set::add_products(sums[r][v], four, loaded[v]);
    }
  }
  GUARDRANK_UNROLL
  for (int r = 0; r < rows; ++r) {
    Ints values[vectors];
    GUARDRANK_UNROLL
    for (int v = 0; v < vectors; ++v) values[v] = Set::end(sums[r][v]);
    if constexpr (Set::is_small) {
      finish_apart<Set>(task, row + static_cast<std::uint32_t>(r), o, values);
    } else {
      Finish<Set>::template row<blocks>(task, row + static_cast<std::uint32_t>(r), o, values);
    }
  }
}

template <typename Set, int rows, int blocks>
__attribute__((noinline)) std::uint32_t run_rows(const LayerTask& given, std::uint32_t row,
                                                 std::uint32_t o) {
  const LayerTask task = given;   // a copy of its own, which no store of codes could change
  for (; row + rows <= task.n_rows; row += rows) run_tile<Set, rows, blocks>(task, row, o);
  return row;
}

// All rows of some blocks: as many at a time as the registers hold, then fewer.
template <typename Set, int rows, int blocks>
GUARDRANK_INLINE void run_blocks(const LayerTask& task, std::uint32_t o) {
  std::uint32_t row = run_rows<Set, rows, blocks>(task, 0, o);
  if constexpr (rows > 4) row = run_rows<Set, 4, blocks>(task, row, o);
  if constexpr (rows > 2) row = run_rows<Set, 2, blocks>(task, row, o);
  if (row < task.n_rows) run_rows<Set, 1, blocks>(task, row, o);
}

template <typename Set>
void run_layer(const LayerTask* task) {
  const std::uint32_t n = task->weights->n_out;
  std::uint32_t o = 0;
  if constexpr (Set::most_blocks >= 4) {
    for (; o + 4 * outputs_per_block <= n; o += 4 * outputs_per_block) {
      run_blocks<Set, Set::rows_by_4, 4>(*task, o);
    }
  }
  if constexpr (Set::most_blocks >= 2) {
    for (; o + 2 * outputs_per_block <= n; o += 2 * outputs_per_block) {
      run_blocks<Set, Set::rows_by_2, 2>(*task, o);
    }
  }
  for (; o < n; o += outputs_per_block) run_blocks<Set, Set::rows_by_1, 1>(*task, o);
}

// The task of `finish_apart` for sums that are rounded already.
inline LayerTask rounded_task(const KeptSumsTask& task) {
  LayerTask result;
  result.rounds = true;
  result.may_saturate = false;
  result.base = {task.base, 0};
  result.multiplier = task.multiplier;
  result.totals = task.totals;
  result.requantised = task.requantised;
  return result;
}

template <typename Set, int blocks>
GUARDRANK_INLINE void add_kept_blocks(const KeptSumsTask& task, const std::int16_t* sums,
                                      std::uint32_t row, std::uint32_t o) {
  constexpr int per_block = Finish<Set>::per_block;
  typename Set::Ints values[blocks * per_block];
  GUARDRANK_UNROLL
  for (int b = 0; b < blocks; ++b) {
    Set::load_int16(sums + o + b * static_cast<int>(outputs_per_block), values + b * per_block);
  }
  Finish<Set>::template add_base<blocks>(values, task.base + o);
  if (task.multiplier == nullptr) {
    Finish<Set>::template store<blocks>(values, task.totals.first + row * task.totals.stride + o);
  } else {
    Finish<Set>::template requantise<blocks>(values, task.multiplier + o);
    Finish<Set>::template store_codes<blocks>(
        values, task.requantised.first + row * task.requantised.stride + o);
  }
}

template <typename Set>
void add_kept_sums(const KeptSumsTask* given) {
  const KeptSumsTask task = *given;   // a copy of its own, which no store of codes could change
  constexpr int blocks = Set::stores_four_blocks ? 4 : 1;
  [[maybe_unused]] const LayerTask rounded = rounded_task(task);
  for (std::uint32_t row = 0; row < task.n_rows; ++row) {
    const std::int16_t* sums = task.sums[row] + task.first_output;
    std::uint32_t o = 0;
    if constexpr (Set::is_small) {
      for (; o < task.n_out; o += outputs_per_block) {
        typename Set::Ints values[Finish<Set>::per_block];
        Set::load_int16(sums + o, values);
        finish_apart<Set>(rounded, row, o, values);
      }
      continue;
    }
    for (; o + blocks * outputs_per_block <= task.n_out; o += blocks * outputs_per_block) {
      add_kept_blocks<Set, blocks>(task, sums, row, o);
    }
    if constexpr (blocks > 1) {
      for (; o < task.n_out; o += outputs_per_block) {
        add_kept_blocks<Set, 1>(task, sums, row, o);
      }
    }
  }
}

// deterministic_exp (core/base/math.h) for x <= 0 or NaN, operation by operation. Below -104 the
// result rounds to 0, as at -104; adding and taking away 2^23 rounds a negative number half to
// even; where 2^k is split differently the first product is exact all the same.
template <typename Set>
GUARDRANK_INLINE typename Set::Floats exponential(typename Set::Floats x) {
  using Floats = typename Set::Floats;
  constexpr float coefficients[] = {1.0f / 5040, 1.0f / 720, 1.0f / 120,
                                    1.0f / 24,   1.0f / 6,   0.5f};
  const Floats whole = Set::splat(0x1p23f), one = Set::splat(1.0f);
  x = Set::larger(Set::splat(-104.0f), x);
  const Floats k = Set::add(
      Set::subtract(Set::multiply(x, Set::splat(0x1.715476p+0f)), whole), whole);
  const Floats high = Set::subtract(x, Set::multiply(k, Set::splat(0.693359375f)));
  const Floats r = Set::add(high, Set::multiply(k, Set::splat(0x1.bd0106p-13f)));
  Floats sum = Set::splat(coefficients[0]);
  GUARDRANK_UNROLL
  for (int i = 1; i < 6; ++i) {
    sum = Set::add(Set::multiply(sum, r), Set::splat(coefficients[i]));
  }
  const Floats value =
      Set::add(one, Set::add(r, Set::multiply(Set::multiply(sum, r), r)));
  const typename Set::Ints exponent = Set::to_ints(k), half = Set::halved(exponent);
  return Set::multiply(Set::multiply(value, Set::power_of_two(half)),
                       Set::power_of_two(Set::subtract(exponent, half)));
}

// The totals of one step of rows, by expert; the last row again where there are no more.
GUARDRANK_INLINE void transpose_totals(const SoftmaxTask& task, std::uint32_t first,
                                       std::uint32_t n_lanes) {
  for (std::uint32_t lane = 0; lane < n_lanes; ++lane) {
    const std::uint32_t row = first + lane < task.n_rows ? first + lane : task.n_rows - 1;
    const std::int32_t* totals = task.totals.first + row * task.totals.stride;
    float* to = task.coefficients.first + first + lane;
    for (std::uint32_t e = 0; e < task.n_experts; ++e, to += task.coefficients.stride) {
      __builtin_memcpy(to, totals + e, sizeof(float));
    }
  }
}

template <typename Set>
GUARDRANK_INLINE void softmax_step(const SoftmaxTask& task, float* column) {
  using Floats = typename Set::Floats;
  const std::size_t stride = task.coefficients.stride;
  Floats most = Set::splat(0.0f), total = Set::splat(0.0f);
  for (std::uint32_t e = 0; e < task.n_experts; ++e) {
    const Floats g = Set::multiply(Set::to_floats(Set::load(column + e * stride)),
                                   Set::splat(task.multiplier[e]));
    Set::store_floats(column + e * stride, g);
    most = e == 0 ? g : Set::larger(g, most);
  }
  for (std::uint32_t e = 0; e < task.n_experts; ++e) {
    const Floats a =
        exponential<Set>(Set::subtract(Set::load_floats(column + e * stride), most));
    Set::store_floats(column + e * stride, a);
    total = Set::add(total, a);
  }
  for (std::uint32_t e = 0; e < task.n_experts; ++e) {
    const Floats share = Set::divide(Set::load_floats(column + e * stride), total);
    Set::store_floats(column + e * stride,
                      Set::multiply(share, Set::splat(task.expert_multiplier[e])));
  }
}

template <typename Set>
void softmax(const SoftmaxTask* given) {
  const SoftmaxTask task = *given;
  constexpr auto n_lanes = static_cast<std::uint32_t>(Set::lanes);
  for (std::uint32_t row = 0; row < task.n_rows; row += n_lanes) {
    transpose_totals(task, row, n_lanes);
    softmax_step<Set>(task, task.coefficients.first + row);
  }
}

// `blocks` blocks of outputs of one row for `gates` gates, which share the reading of the experts.
template <typename Set, int gates, int blocks>
GUARDRANK_INLINE void mix_blocks(const MixTask& task, std::uint32_t gate, std::uint32_t row,
                                 std::uint32_t i) {
  using Floats = typename Set::Floats;
  constexpr int per_block = Finish<Set>::per_block, vectors = blocks * per_block;
  Floats values[gates][vectors];
  GUARDRANK_UNROLL
  for (int g = 0; g < gates; ++g) {
    GUARDRANK_UNROLL
    // -0 is what every number can be added to without a change.
    for (int v = 0; v < vectors; ++v) values[g][v] = Set::splat(-0.0f);
  }
  for (std::uint32_t e = 0; e < task.n_experts; ++e) {
    const std::uint8_t* from = task.experts[e].first + row * task.experts[e].stride + i;
    Floats codes[vectors];
    GUARDRANK_UNROLL
    for (int v = 0; v < vectors; ++v) codes[v] = Set::load_codes(from + v * Set::lanes);
    GUARDRANK_UNROLL
    for (int g = 0; g < gates; ++g) {
      const Rows<const float>& c = task.coefficients[gate + static_cast<std::uint32_t>(g)];
      const Floats weight = Set::splat(c.first[e * c.stride + row]);
      GUARDRANK_UNROLL
      for (int v = 0; v < vectors; ++v) {
        values[g][v] = Set::add(values[g][v], Set::multiply(weight, codes[v]));
      }
    }
  }
  GUARDRANK_UNROLL
  for (int g = 0; g < gates; ++g) {
    const Rows<std::uint8_t>& to = task.codes[gate + static_cast<std::uint32_t>(g)];
    typename Set::Ints rounded[vectors];
    GUARDRANK_UNROLL
    for (int v = 0; v < vectors; ++v) rounded[v] = Set::codes_of(values[g][v]);
    Finish<Set>::template store_codes<blocks>(rounded, to.first + row * to.stride + i);
  }
}

template <typename Set, int gates>
void mix_gates(const MixTask& given, std::uint32_t gate) {
  const MixTask task = given;
  constexpr int blocks = Set::blocks_of_mix;
  for (std::uint32_t row = 0; row < task.n_rows; ++row) {
    std::uint32_t i = 0;
    for (; i + blocks * outputs_per_block <= task.n; i += blocks * outputs_per_block) {
      mix_blocks<Set, gates, blocks>(task, gate, row, i);
    }
    if constexpr (blocks > 1) {
      for (; i < task.n; i += outputs_per_block) mix_blocks<Set, gates, 1>(task, gate, row, i);
    }
  }
}

template <typename Set>
void mix(const MixTask* task) {
  std::uint32_t gate = 0;
  if constexpr (Set::most_gates >= 3) {
    for (; gate + 3 <= task->n_gates; gate += 3) mix_gates<Set, 3>(*task, gate);
  }
  if constexpr (Set::most_gates >= 2) {
    for (; gate + 2 <= task->n_gates; gate += 2) mix_gates<Set, 2>(*task, gate);
  }
  for (; gate < task->n_gates; ++gate) mix_gates<Set, 1>(*task, gate);
}

// Sixteen values. Clamps, then rounds half to even: adding 1.5 * 2^23 leaves the spacing 1 for
// values within +-255. The order changes nothing, since the bounds are whole.
template <typename Set>
GUARDRANK_INLINE void quantise_block(const QuantiseTask& task, const float* values,
                                     std::uint8_t* codes) {
  using Floats = typename Set::Floats;
  constexpr int vectors = Finish<Set>::per_block;
  const Floats magic = Set::splat(12582912.0f), scale = Set::splat(task.scale);
  const Floats zero = Set::splat(static_cast<float>(task.zero_point));
  const Floats least = Set::splat(-static_cast<float>(task.zero_point));
  const Floats most = Set::splat(127.0f - static_cast<float>(task.zero_point));
  typename Set::Ints rounded[vectors];
  GUARDRANK_UNROLL
  for (int v = 0; v < vectors; ++v) {
    Floats value = Set::divide(Set::load_floats(values + v * Set::lanes), scale);
    value = Set::smaller(Set::larger(value, least), most);
    value = Set::subtract(Set::add(value, magic), magic);
    rounded[v] = Set::to_ints(Set::add(value, zero));
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

}  // namespace
}  // namespace guardrank
