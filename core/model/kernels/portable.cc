// Plain C++: the definition that every other kernel is held against. It shares no loop with them.
#include "core/model/kernels/kernel.h"

#include "core/base/math.h"

namespace guardrank {
namespace {

// For 0 <= value <= 127 the sum has the spacing 1, so the addition itself rounds half to even and
// leaves the whole number in the low bits.
constexpr float rounding_magic = 8388608.0f;  // 2^23

std::uint8_t code_of(float value) {
  value = value > 0.0f ? value : 0.0f;  // also for NaN
  value = value < 127.0f ? value : 127.0f;
  const std::uint32_t bits = __builtin_bit_cast(std::uint32_t, value + rounding_magic);
  return static_cast<std::uint8_t>(bits & 127u);
}

std::int32_t wrapping_add(std::int32_t a, std::int32_t b) {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(a) + static_cast<std::uint32_t>(b));
}

// Out of line: gcc-12 makes twice as good a loop of it alone as within run_layer.
__attribute__((noinline)) void multiply_block(const std::uint8_t* codes,
                                              const std::int8_t* weights, std::uint32_t n_in,
                                              const std::int32_t* initial, std::int32_t* sums) {
  std::int32_t products[outputs_per_block] = {};
  for (std::uint32_t i = 0; i < n_in; i += inputs_per_group) {
    const int q0 = codes[i], q1 = codes[i + 1], q2 = codes[i + 2], q3 = codes[i + 3];
    const std::int8_t* group = weights + i * outputs_per_block;
    for (std::uint32_t o = 0; o < outputs_per_block; ++o) {
      const std::int8_t* w = group + o * inputs_per_group;
      products[o] += q0 * w[0] + q1 * w[1] + q2 * w[2] + q3 * w[3];
    }
  }
  for (std::uint32_t o = 0; o < outputs_per_block; ++o) {
    sums[o] = wrapping_add(initial[o], products[o]);
  }
}

std::int32_t rounded(std::int32_t sum, std::uint8_t shift) {
  const std::int32_t shifted = sum >> shift;
  return shifted < -32768 ? -32768 : shifted > 32767 ? 32767 : shifted;
}

void finish_block(const LayerTask& task, std::uint32_t row, std::uint32_t first,
                  const std::int32_t* sums) {
  for (std::uint32_t o = first; o < first + outputs_per_block; ++o) {
    std::int32_t total = sums[o - first];
    if (task.rounds) {
      total = wrapping_add(task.base.first[row * task.base.stride + o], rounded(total, task.shift));
    }
    if (task.multiplier == nullptr) {
      task.totals.first[row * task.totals.stride + o] = total;
    } else {
      task.requantised.first[row * task.requantised.stride + o] =
          code_of(static_cast<float>(total) * task.multiplier[o]);
    }
  }
}

void run_layer(const LayerTask* task) {
  const PackedWeights& weights = *task->weights;
  for (std::uint32_t o = 0; o < weights.n_out; o += outputs_per_block) {
    const std::int8_t* block = weights.bytes + std::size_t{o} * weights.n_in;
    for (std::uint32_t row = 0; row < task->n_rows; ++row) {
      std::int32_t sums[outputs_per_block];
      multiply_block(task->codes.first + row * task->codes.stride, block, weights.n_in,
                     task->initial + o, sums);
      finish_block(*task, row, o, sums);
    }
  }
}

void add_kept_sums(const KeptSumsTask* task) {
  for (std::uint32_t row = 0; row < task->n_rows; ++row) {
    const std::int16_t* sums = task->sums[row] + task->first_output;
    for (std::uint32_t o = 0; o < task->n_out; ++o) {
      const std::int32_t total = wrapping_add(task->base[o], sums[o]);
      if (task->multiplier == nullptr) {
        task->totals.first[row * task->totals.stride + o] = total;
      } else {
        task->requantised.first[row * task->requantised.stride + o] =
            code_of(static_cast<float>(total) * task->multiplier[o]);
      }
    }
  }
}

// One row; the order of the additions is part of the arithmetic.
void softmax_row(const SoftmaxTask& task, std::uint32_t row) {
  const std::int32_t* totals = task.totals.first + row * task.totals.stride;
  float* c = task.coefficients.first + row;
  const std::size_t stride = task.coefficients.stride;
  const std::uint32_t n = task.n_experts;
  const std::size_t by_row = task.factor_stride;
  const auto factor = [&](const float* of, std::uint32_t e) { return by_row == 0 ? of[e] : of[e * by_row + row]; };
  for (std::uint32_t e = 0; e < n; ++e) {
    c[e * stride] = static_cast<float>(totals[e]) * factor(task.multiplier, e);
  }
  float most = c[0];
  for (std::uint32_t e = 1; e < n; ++e) most = c[e * stride] > most ? c[e * stride] : most;
  float total = 0.0f;
  for (std::uint32_t e = 0; e < n; ++e) {
    c[e * stride] = deterministic_exp(c[e * stride] - most);
    total += c[e * stride];
  }
  for (std::uint32_t e = 0; e < n; ++e) {
    c[e * stride] = c[e * stride] / total * factor(task.expert_multiplier, e);
  }
}

void softmax(const SoftmaxTask* task) {
  for (std::uint32_t row = 0; row < task->n_rows; ++row) softmax_row(*task, row);
}

void mix_gate(const MixTask& task, const Rows<const float>& coefficients,
              const Rows<std::uint8_t>& codes) {
  for (std::uint32_t row = 0; row < task.n_rows; ++row) {
    const float* c = coefficients.first + row;
    for (std::uint32_t i = 0; i < task.n; ++i) {
      float value = 0.0f;
      for (std::uint32_t e = 0; e < task.n_experts; ++e) {
        const Rows<const std::uint8_t>& expert = task.experts[e];
        const float part =
            c[e * coefficients.stride] * static_cast<float>(expert.first[row * expert.stride + i]);
        value = e == 0 ? part : value + part;
      }
      codes.first[row * codes.stride + i] = code_of(value);
    }
  }
}

void mix(const MixTask* task) {
  for (std::uint32_t g = 0; g < task->n_gates; ++g) {
    mix_gate(*task, task->coefficients[g], task->codes[g]);
  }
}

// Clamps, then rounds half to even: adding 1.5 * 2^23 leaves the spacing 1 for values within
// +-255. The order changes nothing, since the bounds are whole. NaN gives the lower bound.
void quantise(const QuantiseTask* task) {
  constexpr float magic = 12582912.0f;
  const auto zero = static_cast<float>(task->zero_point);
  const float least = -zero, most = 127.0f - zero;
  for (std::uint32_t i = 0; i < task->n; ++i) {
    float value = task->values[i] / task->scale;
    value = value > least ? value : least;
    value = value < most ? value : most;
    task->codes[i * task->stride] = static_cast<std::uint8_t>(((value + magic) - magic) + zero);
  }
}

}  // namespace

const Kernel portable_kernel = {"portable", run_layer, add_kept_sums, softmax, mix,
                                quantise};

}  // namespace guardrank
