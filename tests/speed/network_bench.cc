// The network alone, by kernel, on one thread: score_encoded over models of sizes S, M and L with
// random weights, and what the processor can multiply at best, measured in the same run.
// Usage: network_bench [--kernel NAME] [--rows N]... [--kept OFFERS] [--once] [S|M|L ...]
// `--kept` takes the candidates' first-layer sums from a table of so many offers, rows at random.
// `--once` scores a single time and prints nothing: what the instruction count runs.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "core/model/network.h"
#include "tests/core/model/random_model.h"
#include "tests/core/support/test_memory.h"
#include "tests/speed/peak_rate.h"

using namespace guardrank;
using guardrank::testing::Architecture;
using guardrank::testing::FieldShape;
using guardrank::testing::mmoe;
using guardrank::testing::RandomInputs;
using guardrank::testing::RandomModel;

namespace {

TestMemory memory;
const Allocator heap = memory.allocator();

// The benchmark sizes of the design.
struct Size {
  const char* name;
  std::uint32_t n_dense;
  std::vector<std::uint32_t> vocabularies;
  std::uint32_t n_experts;
  std::vector<std::uint32_t> layers;
  std::uint32_t tower, n_heads;
};

const std::vector<std::uint32_t> eight = {100000, 50000, 10000, 1000, 500, 100, 50, 10};
const Size sizes[] = {
    {"S", 16, {10000, 1000, 100, 10}, 4, {64, 32}, 16, 3},
    {"M", 32, eight, 8, {128, 64}, 32, 5},
    {"L", 32, eight, 16, {256, 128}, 64, 6},
};

Architecture architecture_of(const Size& size) {
  std::vector<FieldShape> fields;
  for (const Side side : {Side::context, Side::candidate}) {
    for (std::uint32_t i = 0; i < size.n_dense; ++i) {
      fields.push_back({side, OutputKind::dense, 1, false, 0, 0, Pooling::none, false});
    }
    for (const std::uint32_t n_codes : size.vocabularies) {
      fields.push_back({side, OutputKind::embedding, 1, false, 16, n_codes, Pooling::none, false});
    }
  }
  return mmoe(fields, size.n_experts, size.layers, {size.tower}, size.n_heads);
}

// Drawn multipliers spread a hidden layer's totals over its codes; a trained gate's outputs differ
// by a few units, and exponents far below would be denormal numbers, which processors are slow at.
void calm_gates(Model* model) {
  for (const Level& level : model->levels) {
    for (const Gate& gate : level.gates) {
      for (const float& multiplier : gate.layer->multiplier) {
        const_cast<float&>(multiplier) *= 0.03f;
      }
    }
  }
}

// Drawn shifts are any; the packer takes the least by which no block's rounded sum leaves int16.
void pack_shift(const Model& model, Layer* layer) {
  std::int64_t worst = 0;
  for (std::uint32_t o = 0; o < layer->n_out; ++o) {
    const std::int8_t* weight = layer->weights + std::size_t{o} * layer->n_in;
    for (const std::uint32_t n : model.block_inputs) {
      std::int64_t sum = 0;
      for (std::uint32_t i = 0; i < n; ++i) sum += std::abs(*weight++) * 127;
      worst = std::max(worst, sum);
    }
  }
  std::uint8_t shift = 0;
  while ((worst >> shift) >= INT16_MAX) ++shift;
  const float grown = std::ldexp(1.0f, shift - layer->input_shift);
  for (const float& multiplier : layer->multiplier) const_cast<float&>(multiplier) *= grown;
  for (const std::int32_t& bias : layer->bias) {
    const_cast<std::int32_t&>(bias) = static_cast<std::int32_t>(static_cast<float>(bias) / grown);
  }
  layer->input_shift = shift;
}

void pack_shifts(Model* model) {
  for (const Level& level : model->levels) {
    for (const Expert& expert : level.experts) {
      pack_shift(*model, const_cast<Layer*>(&expert.layers[0]));
    }
    for (const Gate& gate : level.gates) pack_shift(*model, const_cast<Layer*>(gate.layer));
  }
}

// Multiply-accumulates per candidate, the context's part apart.
double products_per_candidate(const Size& size, bool is_kept) {
  const double side =
      is_kept ? 0.0 : size.n_dense + 16.0 * static_cast<double>(size.vocabularies.size());
  const double experts = size.n_experts * (side * size.layers[0] + size.layers[0] * size.layers[1]);
  const double gates = static_cast<double>(size.n_heads * size.n_experts) * side;
  return experts + gates + size.n_heads * (size.layers[1] * size.tower + size.tower);
}

[[noreturn]] void fail(const char* what, std::string_view detail) {
  std::fprintf(stderr, "network_bench: %s %.*s\n", what, static_cast<int>(detail.size()),
               detail.data());
  std::exit(1);
}

struct Options {
  std::vector<std::string> sizes, kernels;
  std::vector<std::uint32_t> rows;
  std::uint32_t n_kept = 0;
  bool once = false;
};

Options read_options(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const bool has_value = i + 1 < argc;
    if (argument == "--once") {
      options.once = true;
    } else if (argument == "--kernel" && has_value) {
      options.kernels.push_back(argv[++i]);
    } else if (argument == "--kept" && has_value) {
      options.n_kept = static_cast<std::uint32_t>(std::atoi(argv[++i]));
    } else if (argument == "--rows" && has_value) {
      options.rows.push_back(static_cast<std::uint32_t>(std::atoi(argv[++i])));
    } else {
      options.sizes.push_back(argument);
    }
  }
  if (options.sizes.empty()) options.sizes = {"S", "M", "L"};
  if (options.rows.empty()) options.rows = {1, 10, 100, 1000, 5000};
  return options;
}

// The kernels asked for, or all that this processor runs.
std::vector<const Kernel*> kernels_of(const Options& options) {
  std::vector<const Kernel*> kernels;
  for (int choice = 1; choice < n_kernel_choices; ++choice) {
    const auto kernel_choice = static_cast<KernelChoice>(choice);
    const std::string name(kernel_name(kernel_choice));
    const std::vector<std::string>& wanted = options.kernels;
    if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), name) == wanted.end()) continue;
    Error error;
    const Kernel* kernel = nullptr;
    if (choose_kernel(kernel_choice, &kernel, &error) == Status::ok) kernels.push_back(kernel);
  }
  if (kernels.empty()) fail("no such kernel here:", options.kernels.front());
  return kernels;
}

class Run {
 public:
  Run(const Size& size, const Kernel& kernel)
      : model_(architecture_of(size), 1), prepared_(heap, std::size_t{1} << 30) {
    pack_shifts(&model_.model());
    calm_gates(&model_.model());
    Error error;
    if (prepare_network(model_.model(), kernel, &prepared_, &plan_, &error) != Status::ok) {
      fail("prepare:", error.message());
    }
  }

  void draw(std::uint32_t n_rows) {
    inputs_ = std::make_unique<RandomInputs>(model_.model(), n_rows, 2);
    n_rows_ = n_rows;
  }

  // Sums of `n_offers` offers, the drawn rows' over and over; then each row reads one at random.
  void keep(std::uint32_t n_offers) {
    const std::size_t per_row = kept_sums_per_row(plan_);
    std::vector<std::int16_t> drawn(per_row * n_rows_);
    if (sum_candidates(plan_, inputs_->encoded(), n_rows_, &arena_, drawn.data()) != Status::ok) {
      fail("sum_candidates", "");
    }
    sums_.resize(per_row * n_offers);
    for (std::size_t i = 0; i < sums_.size(); ++i) sums_[i] = drawn[i % drawn.size()];
    n_offers_ = n_offers;
    rows_.resize(n_rows_);
    draw_rows();
  }

  // Other offers for the next request, so that a large table is not read from the caches.
  void draw_rows() {
    const std::size_t per_row = kept_sums_per_row(plan_);
    for (const std::int16_t*& row : rows_) row = sums_.data() + random_() % n_offers_ * per_row;
  }

  void score() {
    arena_.reset();
    std::span<std::span<float>> logits;
    const bool are_far = sums_.size() * sizeof(std::int16_t) > std::size_t{4} << 20;   // as kept_catalog.cc
    const KeptCandidates kept = {{}, rows_, are_far};
    if (score_encoded(plan_, inputs_->encoded(), kept, n_rows_, &arena_, &logits) != Status::ok) {
      fail("score", "");
    }
    if (logits[0][0] != logits[0][0]) fail("a logit is not a number", "");
  }

  // Memory of a request but its logits.
  std::size_t working_bytes() const {
    return arena_.used_bytes() - n_rows_ * model_.model().heads.size() * sizeof(float);
  }

  // Microseconds of processor time per call: the least of many, since what disturbs only adds.
  double microseconds() {
    score();
    double least = 1e9, total = 0;
    for (int i = 0; i < 5 || (i < 3000 && total < 0.4); ++i) {
      draw_rows();
      const double from = processor_seconds();
      score();
      const double took = processor_seconds() - from;
      total += took;
      if (took > 0) least = std::min(least, took);   // a virtual machine's clock may stand still
    }
    return least * 1e6;
  }

 private:
  RandomModel model_;
  std::unique_ptr<RandomInputs> inputs_;
  Arena prepared_;
  Arena arena_{heap, std::size_t{1} << 30};
  NetworkPlan plan_;
  std::uint32_t n_rows_ = 0;
  std::uint32_t n_offers_ = 1;
  std::mt19937_64 random_{3};
  std::vector<std::int16_t> sums_;
  std::vector<const std::int16_t*> rows_;
};

void bench(const Size& size, const Kernel& kernel, const Options& options) {
  const double peak = options.once ? 0 : peak_products_per_second(kernel.name);
  Run run(size, kernel);
  for (const std::uint32_t n_rows : options.rows) {
    run.draw(n_rows);
    if (options.n_kept != 0) run.keep(options.n_kept);
    if (options.once) {
      run.score();
      continue;
    }
    const double us = run.microseconds();
    const double limit = products_per_candidate(size, options.n_kept != 0) * n_rows / peak * 1e6;
    std::printf("%-12s %s %6u rows %10.1f us", kernel.name, size.name, n_rows, us);
    if (peak > 0) std::printf("  %5.1f%% of %.0f G/s", 100 * limit / us, peak / 1e9);
    std::printf("  %.0f KB\n", static_cast<double>(run.working_bytes()) / 1024);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = read_options(argc, argv);
  for (const Kernel* kernel : kernels_of(options)) {
    for (const Size& size : sizes) {
      if (std::find(options.sizes.begin(), options.sizes.end(), size.name) != options.sizes.end()) {
        bench(size, *kernel, options);
      }
    }
  }
  return 0;
}
