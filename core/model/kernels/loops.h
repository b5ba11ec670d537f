// The loops of kernel.h once for all instruction sets, as templates over a Set: what the vectors of
// an instruction set do. Everything here is internal to the kernel file that includes it (the Set
// is a type without linkage outside it), so no two instruction sets can share a function.
//
// A Set has `lanes` (int32 or float values per vector), its types of vectors, the largest tile of
// rows per number of blocks, and static functions; avx2_lanes.h is the model. `takes_calm`: it has
// `store_calm`, and with `endings_apart` loops of its own for calm and for folded layers; else a tile
// asks when it ends.
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

// How a tile's sums end: whatever the task says; as codes of a calm layer that does not round; as
// codes from the task's `start`.
enum class Ending { any, calm, folded };

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

  // The same where products are small: packing saturates, and clamps at the end.
  template <int blocks>
  static GUARDRANK_INLINE void store_calm(Ints* values, const float* multiplier,
                                          std::uint8_t* to) {
    GUARDRANK_UNROLL
    for (int v = 0; v < blocks * per_block; ++v) {
      values[v] = Set::to_ints(Set::multiply(Set::to_floats(values[v]),
                                             Set::load_floats(multiplier + v * Set::lanes)));
    }
    Set::template store_calm<blocks>(to, values);
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
  template <int blocks, Ending ending>
  static GUARDRANK_INLINE void row(const LayerTask& task, std::uint32_t row, std::uint32_t o,
                                   Ints* values) {
    if constexpr (ending != Ending::any) {
      if constexpr (ending == Ending::folded) {
        const Ints kept = Set::splat_int(static_cast<std::int32_t>(~0u << task.shift));
        GUARDRANK_UNROLL
        for (int v = 0; v < blocks * per_block; ++v) values[v] = Set::common_bits(values[v], kept);
      }
      const float* multiplier = ending == Ending::folded ? task.scaled_multiplier : task.multiplier;
      return store_calm<blocks>(values, multiplier + o,
                                task.requantised.first + row * task.requantised.stride + o);
    }
    if (task.rounds) {
      round<blocks>(values, task);
      add_base<blocks>(values, task.base.first + row * task.base.stride + o);
    }
    if (task.multiplier == nullptr) {
      return store<blocks>(values, task.totals.first + row * task.totals.stride + o);
    }
    std::uint8_t* const codes = task.requantised.first + row * task.requantised.stride + o;
    if constexpr (Set::takes_calm && !Set::endings_apart) {
      if (task.is_calm) return store_calm<blocks>(values, task.multiplier + o, codes);
    }
    requantise<blocks>(values, task.multiplier + o);
    store_codes<blocks>(values, codes);
  }
};

// One block of one row out of line, for modules that are downloaded.
template <typename Set>
__attribute__((noinline)) void finish_apart(const LayerTask& task, std::uint32_t row,
                                            std::uint32_t o, typename Set::Ints* values) {
  Finish<Set>::template row<1, Ending::any>(task, row, o, values);
}

// `rows` rows share each load of the weights of `blocks` blocks.
template <typename Set, int rows, int blocks, Ending ending>
GUARDRANK_INLINE void run_tile(const LayerTask& task, std::uint32_t row, std::uint32_t o) {
  using Ints = typename Set::Ints;
  constexpr int per_block = Finish<Set>::per_block, vectors = blocks * per_block;
  const std::size_t n_in = task.weights->n_in, stride = task.codes.stride;
  const std::int8_t* weights = task.weights->bytes + std::size_t{o} * n_in;
  const std::uint8_t* codes = task.codes.first + row * stride;
  const std::int32_t* initial = ending == Ending::folded ? task.start : task.initial;
  typename Set::Sums sums[rows][vectors];
  GUARDRANK_UNROLL
  for (int v = 0; v < vectors; ++v) {
    const typename Set::Sums first = Set::start(Set::load(initial + o + v * Set::lanes));
    GUARDRANK_UNROLL
    for (int r = 0; r < rows; ++r) sums[r][v] = first;
  }
  for (std::size_t i = 0; i < n_in; i += inputs_per_group, weights += 64) {
    typename Set::Weights loaded[vectors];
    GUARDRANK_UNROLL
    for (int v = 0; v < vectors; ++v) {
      const std::int8_t* from = weights + v % per_block * Set::lanes * 4 +
                                static_cast<std::size_t>(v / per_block) * outputs_per_block * n_in;
      // A row alone waits for its weights, which rows together read but once.
      if constexpr (rows == 1 && Set::fetches_ahead) __builtin_prefetch(from + 1024);
      loaded[v] = Set::load_weights(from);
    }
    GUARDRANK_UNROLL
    for (int r = 0; r < rows; ++r) {
      const typename Set::Codes four =
          Set::load_group(codes + static_cast<std::size_t>(r) * stride + i);
      GUARDRANK_UNROLL
      for (int v = 0; v < vectors; ++v) sums[r][v] = Set::add_products(sums[r][v], four, loaded[v]);
    }
  }
  Ints values[rows][vectors];
  GUARDRANK_UNROLL
  for (int r = 0; r < rows; ++r) {
    GUARDRANK_UNROLL
    for (int v = 0; v < vectors; ++v) values[r][v] = Set::end(sums[r][v]);
  }
  GUARDRANK_UNROLL
  for (int r = 0; r < rows; ++r) {
    if constexpr (Set::is_small) {
      finish_apart<Set>(task, row + static_cast<std::uint32_t>(r), o, values[r]);
    } else {
      Finish<Set>::template row<blocks, ending>(task, row + static_cast<std::uint32_t>(r), o,
                                                values[r]);
    }
  }
}

inline void fetch_ahead(Ahead* ahead) {
  constexpr std::size_t line_values = 32;
  for (std::uint32_t n = 0; n < ahead->lines_at_once && ahead->row < ahead->n_rows; ++n) {
    const std::int16_t* row = ahead->rows[ahead->row];
    if (row != nullptr) __builtin_prefetch(row + ahead->line * line_values, 0, 2);
    ++ahead->line;
    if (row != nullptr && ahead->line < ahead->lines_per_row) continue;
    ahead->line = 0;
    ++ahead->row;
  }
}

template <typename Set, int rows, int blocks, Ending ending>
__attribute__((noinline)) std::uint32_t run_rows(const LayerTask& given, std::uint32_t row,
                                                 std::uint32_t o) {
  const LayerTask task = given;   // a copy of its own, which no store of codes could change
  for (; row + rows <= task.n_rows; row += rows) {
    if constexpr (Set::fetches_ahead) {
      if (task.ahead != nullptr) fetch_ahead(task.ahead);
    }
    run_tile<Set, rows, blocks, ending>(task, row, o);
  }
  return row;
}

// All rows of some blocks: as many at a time as the registers hold, then fewer.
template <typename Set, int rows, int blocks, Ending ending>
GUARDRANK_INLINE void run_blocks(const LayerTask& task, std::uint32_t o) {
  std::uint32_t row = run_rows<Set, rows, blocks, ending>(task, 0, o);
  if constexpr (rows > 4) row = run_rows<Set, 4, blocks, ending>(task, row, o);
  if constexpr (rows > 2) row = run_rows<Set, 2, blocks, ending>(task, row, o);
  if (row < task.n_rows) run_rows<Set, 1, blocks, ending>(task, row, o);
}

template <typename Set, Ending ending>
void run_layer_to(const LayerTask& task) {
  const std::uint32_t n = task.weights->n_out;
  std::uint32_t o = 0;
  if constexpr (Set::most_blocks >= 4) {
    for (; o + 4 * outputs_per_block <= n; o += 4 * outputs_per_block) {
      run_blocks<Set, Set::rows_by_4, 4, ending>(task, o);
    }
  }
  if constexpr (Set::most_blocks >= 3) {
    for (; o + 3 * outputs_per_block <= n; o += 3 * outputs_per_block) {
      run_blocks<Set, Set::rows_by_3, 3, ending>(task, o);
    }
  }
  if constexpr (Set::most_blocks >= 2) {
    for (; o + 2 * outputs_per_block <= n; o += 2 * outputs_per_block) {
      run_blocks<Set, Set::rows_by_2, 2, ending>(task, o);
    }
  }
  for (; o < n; o += outputs_per_block) run_blocks<Set, Set::rows_by_1, 1, ending>(task, o);
}

template <typename Set>
void run_layer(const LayerTask* task) {
  if constexpr (Set::endings_apart) {
    if (task->multiplier != nullptr && task->start != nullptr) {
      return run_layer_to<Set, Ending::folded>(*task);
    }
    if (task->multiplier != nullptr && task->is_calm && !task->rounds) {
      return run_layer_to<Set, Ending::calm>(*task);
    }
  }
  run_layer_to<Set, Ending::any>(*task);
}

// The task of `finish_apart` for sums that are rounded already.
inline LayerTask rounded_task(const KeptSumsTask& task) {
  LayerTask result;
  result.rounds = true;
  result.may_saturate = false;
  result.is_calm = task.is_calm;
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
  if constexpr (Set::takes_calm) {
    if (task.is_calm && task.multiplier != nullptr) {
      return Finish<Set>::template store_calm<blocks>(
          values, task.multiplier + o, task.requantised.first + row * task.requantised.stride + o);
    }
  }
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

}  // namespace
}  // namespace guardrank
