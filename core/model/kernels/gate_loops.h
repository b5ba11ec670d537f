// The loops over gates, as loops.h has those over layers: softmax and mixing.
#pragma once

#include "core/model/kernels/loops.h"

namespace guardrank {
namespace {

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
template <typename Set>
GUARDRANK_INLINE void transpose_totals(const SoftmaxTask& task, std::uint32_t first) {
  constexpr auto lanes = static_cast<std::uint32_t>(Set::lanes);
  const std::int32_t* rows[lanes];
  for (std::uint32_t lane = 0; lane < lanes; ++lane) {
    const std::uint32_t row = first + lane < task.n_rows ? first + lane : task.n_rows - 1;
    rows[lane] = task.totals.first + row * task.totals.stride;
  }
  float* to = task.coefficients.first + first;
  const std::size_t stride = task.coefficients.stride;
  if constexpr (Set::transposes) {
    for (std::uint32_t e = 0; e < task.n_experts; e += 8) {
      typename Set::Ints columns[8];
      Set::transpose_eight(rows, columns);
      GUARDRANK_UNROLL
      for (std::uint32_t k = 0; k < 8; ++k) {
        if (e + k < task.n_experts) Set::store(to + (e + k) * stride, columns[k]);
      }
      for (const std::int32_t*& row : rows) row += 8;
    }
  } else {
    for (std::uint32_t lane = 0; lane < lanes; ++lane, ++to) {
      for (std::uint32_t e = 0; e < task.n_experts; ++e) {
        __builtin_memcpy(to + e * stride, rows[lane] + e, sizeof(float));
      }
    }
  }
}

// Of every row, or of the step's first row on.
template <typename Set>
GUARDRANK_INLINE typename Set::Floats factor_of(const float* factors, std::size_t stride,
                                                std::uint32_t row, std::uint32_t e) {
  return stride == 0 ? Set::splat(factors[e]) : Set::load_floats(factors + e * stride + row);
}

template <typename Set>
GUARDRANK_INLINE void softmax_step(const SoftmaxTask& task, std::uint32_t row) {
  using Floats = typename Set::Floats;
  float* const column = task.coefficients.first + row;
  const std::size_t stride = task.coefficients.stride;
  Floats most = Set::splat(0.0f), total = Set::splat(0.0f);
  for (std::uint32_t e = 0; e < task.n_experts; ++e) {
    const Floats g = Set::multiply(Set::to_floats(Set::load(column + e * stride)),
                                   factor_of<Set>(task.multiplier, task.factor_stride, row, e));
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
    const Floats factor = factor_of<Set>(task.expert_multiplier, task.factor_stride, row, e);
    Set::store_floats(column + e * stride, Set::multiply(share, factor));
  }
}

template <typename Set>
void softmax(const SoftmaxTask* given) {
  const SoftmaxTask task = *given;
  constexpr auto n_lanes = static_cast<std::uint32_t>(Set::lanes);
  for (std::uint32_t row = 0; row < task.n_rows; row += n_lanes) {
    transpose_totals<Set>(task, row);
    softmax_step<Set>(task, row);
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
    for (int v = 0; v < vectors; ++v) codes[v] = Set::load_codes(from, v);
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
  if constexpr (Set::most_gates >= 6) {
    for (; gate + 6 <= task->n_gates; gate += 6) mix_gates<Set, 6>(*task, gate);
    for (; gate + 5 <= task->n_gates; gate += 5) mix_gates<Set, 5>(*task, gate);
    for (; gate + 4 <= task->n_gates; gate += 4) mix_gates<Set, 4>(*task, gate);
  }
  if constexpr (Set::most_gates >= 3) {
    for (; gate + 3 <= task->n_gates; gate += 3) mix_gates<Set, 3>(*task, gate);
  }
  if constexpr (Set::most_gates >= 2) {
    for (; gate + 2 <= task->n_gates; gate += 2) mix_gates<Set, 2>(*task, gate);
  }
  for (; gate < task->n_gates; ++gate) mix_gates<Set, 1>(*task, gate);
}

}  // namespace
}  // namespace guardrank
