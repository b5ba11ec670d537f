// How many experts a row could do without: counts, in the engine's own arithmetic, the pairs of expert
// and row whose coefficient is 0 in every gate, and those that provably change no code.
// Usage: gates_bench BUNDLE REQUESTS.jsonl [REQUESTS]
//
// It stands in for the kernel's `mix`. Proof of a row: experts are left out by rising coefficient as
// long as no output of any gate comes to another code, whatever codes (0 to 127) the experts left out
// have. The sums of the others are needed for that, so it says what the best rule could find, not that
// one would be cheap.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "core/model/kernels/kernel.h"
#include "tests/bench/tried/opened_snapshot.h"

using namespace guardrank;
using namespace guardrank::tried;

namespace {

struct Counts {
  double pairs = 0, zero = 0, provable = 0, faint = 0;
  double tile_pairs = 0, tile_provable = 0;
  double step_pairs = 0, step_provable = 0;
  double largest_gate[10] = {};      // rows and gates by the share of the largest coefficient
  double gates = 0;
};

Counts counts;
const Kernel* real = nullptr;

float coefficient(const MixTask& task, std::uint32_t gate, std::uint32_t expert, std::uint32_t row) {
  return task.coefficients[gate].first[expert * task.coefficients[gate].stride + row];
}

// Whether no code of the row changes when `left_out` experts are, whatever they are.
bool is_same_without(const MixTask& task, std::uint32_t row, const std::vector<bool>& left_out) {
  for (std::uint32_t gate = 0; gate < task.n_gates; ++gate) {
    double slack = 1e-4;             // more than the float sums can be off by
    for (std::uint32_t e = 0; e < task.n_experts; ++e) {
      if (left_out[e]) slack += 127.0 * static_cast<double>(coefficient(task, gate, e, row));
    }
    for (std::uint32_t i = 0; i < task.n; ++i) {
      double sum = 0;
      for (std::uint32_t e = 0; e < task.n_experts; ++e) {
        if (left_out[e]) continue;
        const Rows<const std::uint8_t>& codes = task.experts[e];
        sum += static_cast<double>(coefficient(task, gate, e, row)) * codes.first[row * codes.stride + i];
      }
      const double low = std::clamp(std::nearbyint(sum - 1e-4), 0.0, 127.0);
      const double high = std::clamp(std::nearbyint(sum + slack), 0.0, 127.0);
      if (low != high) return false;
    }
  }
  return true;
}

std::vector<bool> provably_idle(const MixTask& task, std::uint32_t row) {
  std::vector<std::pair<float, std::uint32_t>> order;
  for (std::uint32_t e = 0; e < task.n_experts; ++e) {
    float most = 0;
    for (std::uint32_t gate = 0; gate < task.n_gates; ++gate) {
      most = std::max(most, coefficient(task, gate, e, row));
    }
    order.emplace_back(most, e);
    counts.zero += most == 0.0f;
    counts.faint += most * 127.0f < 0.5f;
  }
  std::sort(order.begin(), order.end());
  std::vector<bool> idle(task.n_experts, false);
  for (const auto& [most, expert] : order) {
    idle[expert] = true;
    if (is_same_without(task, row, idle)) continue;
    idle[expert] = false;
    break;
  }
  return idle;
}

void count_largest(const MixTask& task, std::uint32_t row) {
  for (std::uint32_t gate = 0; gate < task.n_gates; ++gate) {
    double most = 0, total = 0;
    for (std::uint32_t e = 0; e < task.n_experts; ++e) {
      const auto c = static_cast<double>(coefficient(task, gate, e, row));
      most = std::max(most, c);
      total += c;
    }
    ++counts.gates;
    ++counts.largest_gate[std::min(9, static_cast<int>(10 * most / total))];
  }
}

// Pairs of expert and `n` rows that all do without it.
void count_rows_together(const std::vector<std::vector<bool>>& idle, std::size_t n, double* pairs,
                         double* found) {
  for (std::size_t first = 0; first < idle.size(); first += n) {
    const std::size_t end = std::min(first + n, idle.size());
    for (std::size_t e = 0; e < idle[0].size(); ++e) {
      bool is_idle = true;
      for (std::size_t row = first; row < end; ++row) is_idle = is_idle && idle[row][e];
      ++*pairs;
      *found += is_idle;
    }
  }
}

void counting_mix(const MixTask* task) {
  std::vector<std::vector<bool>> idle;
  for (std::uint32_t row = 0; row < task->n_rows; ++row) {
    idle.push_back(provably_idle(*task, row));
    count_largest(*task, row);
    for (const bool is_idle : idle.back()) {
      ++counts.pairs;
      counts.provable += is_idle;
    }
  }
  count_rows_together(idle, idle.size(), &counts.tile_pairs, &counts.tile_provable);
  count_rows_together(idle, 16, &counts.step_pairs, &counts.step_provable);
  real->mix(task);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) fail("usage: gates_bench BUNDLE REQUESTS.jsonl [REQUESTS]");
  const OpenedSnapshot opened(argv[1]);
  Pipeline pipeline = opened.pipeline();
  real = pipeline.network.kernel;
  Kernel counting = *real;
  counting.mix = counting_mix;
  pipeline.network.kernel = &counting;
  Session session(heap, std::size_t{1} << 30);
  const std::size_t n = argc > 3 ? static_cast<std::size_t>(std::atoi(argv[3])) : SIZE_MAX;
  opened.for_each_request(argv[2], n, [&](Request* request) {
    Decision decision;
    Error error;
    check(rank(pipeline, *request, &session, &decision, &error), error);
  });
  if (counts.pairs == 0) fail("no gate mixes experts here");
  std::printf("%.0f pairs of expert and row: coefficient 0 in every gate %.3f%%, below half a code in every"
              " gate %.2f%%, provably idle %.2f%%\n", counts.pairs, 100 * counts.zero / counts.pairs,
              100 * counts.faint / counts.pairs, 100 * counts.provable / counts.pairs);
  std::printf("provably idle for 16 rows together %.2f%%, for a whole tile (%.0f rows on average) %.2f%%\n",
              100 * counts.step_provable / counts.step_pairs, counts.pairs / counts.tile_pairs,
              100 * counts.tile_provable / counts.tile_pairs);
  std::printf("largest coefficient of a gate, share of rows by tenths:");
  for (const double share : counts.largest_gate) std::printf(" %.1f%%", 100 * share / counts.gates);
  std::printf("\n");
  return 0;
}
