// The network against the plain reading of its README, bit for bit, for every kernel of the build.
#include "core/model/network.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <cstring>

#include "core/model/prepared_network.h"
#include "tests/core/model/built_kernels.h"
#include "tests/core/model/random_model.h"
#include "tests/core/model/reference_network.h"
#include "tests/core/support/heap.h"

using namespace guardrank;
using guardrank::testing::heap;
using guardrank::testing::Architecture;
using guardrank::testing::built_kernels;
using guardrank::testing::draw_architecture;
using guardrank::testing::FieldShape;
using guardrank::testing::Magnitudes;
using guardrank::testing::mmoe;
using guardrank::testing::RandomInputs;
using guardrank::testing::RandomModel;
using guardrank::testing::reference_logits;

namespace {

std::uint32_t bits(float value) {
  std::uint32_t result;
  std::memcpy(&result, &value, sizeof result);
  return result;
}

// Logits by head of all rows.
std::vector<std::vector<float>> score(const Model& model, const Kernel& kernel,
                                      const RandomInputs& inputs, std::uint32_t n_rows) {
  Arena arena(heap, std::size_t{1} << 30);
  Error error;
  NetworkPlan plan;
  const Status status = prepare_network(model, kernel, &arena, &plan, &error);
  INFO(error.message());
  REQUIRE(status == Status::ok);
  std::span<std::span<float>> logits;
  REQUIRE(score_encoded(plan, inputs.encoded(), n_rows, &arena, &logits) == Status::ok);
  std::vector<std::vector<float>> result;
  for (const std::span<float> head : logits) result.emplace_back(head.begin(), head.end());
  return result;
}

void check_rows(const Model& model, const RandomInputs& inputs, std::uint32_t n_rows) {
  std::vector<std::vector<float>> expected;
  for (std::uint32_t row = 0; row < n_rows; ++row) {
    expected.push_back(reference_logits(model, inputs.encoded(), row));
  }
  for (const Kernel* kernel : built_kernels()) {
    CAPTURE(kernel->name);
    const std::vector<std::vector<float>> found = score(model, *kernel, inputs, n_rows);
    REQUIRE(found.size() == model.heads.size());
    for (std::size_t h = 0; h < found.size(); ++h) {
      REQUIRE(found[h].size() == n_rows);
      for (std::uint32_t row = 0; row < n_rows; ++row) {
        CAPTURE(h);
        CAPTURE(row);
        REQUIRE(bits(found[h][row]) == bits(expected[row][h]));
      }
    }
  }
}

Status prepare(const Model& model, Error* error) {
  Arena arena(heap, std::size_t{1} << 24);
  NetworkPlan plan;
  return prepare_network(model, portable_kernel, &arena, &plan, error);
}

Architecture small() {
  FieldShape dense{Side::context, OutputKind::dense, 3, true, 0, 0, Pooling::none, false};
  FieldShape embedding{Side::candidate, OutputKind::embedding, 1, false, 5, 9, Pooling::none, true};
  return mmoe({dense, embedding}, 3, {8, 6}, {4}, 2);
}

}  // namespace

TEST_CASE("random architectures agree with the plain reading of the arithmetic") {
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    CAPTURE(seed);
    const RandomModel model(draw_architecture(seed), seed * 7919);
    const std::uint32_t n_rows = 1 + static_cast<std::uint32_t>(seed % 9);
    check_rows(model.model(), RandomInputs(model.model(), n_rows, seed + 1), n_rows);
  }
}

TEST_CASE("extreme weights, biases, shifts and multipliers agree too") {
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    CAPTURE(seed);
    const RandomModel model(draw_architecture(seed), seed * 104729, Magnitudes::extreme);
    check_rows(model.model(), RandomInputs(model.model(), 5, seed + 2), 5);
  }
}

namespace {

// Rows whose sums are kept: all, or those that a pattern leaves.
enum class Keeping { all, some, runs, none };

bool is_kept(Keeping keeping, std::uint32_t row) {
  if (keeping == Keeping::some) return row % 3 != 1;
  return keeping == Keeping::all || row / 70 % 2 == 1 || row % 70 > 60;
}

void check_kept_sums(const Model& model, const RandomInputs& inputs, std::uint32_t n_rows) {
  const auto wanted = score(model, portable_kernel, inputs, n_rows);
  for (const Kernel* kernel : built_kernels()) {
    CAPTURE(kernel->name);
    Arena arena(heap, std::size_t{1} << 30);
    Error error;
    NetworkPlan plan;
    REQUIRE(prepare_network(model, *kernel, &arena, &plan, &error) == Status::ok);
    const std::size_t per_row = kept_sums_per_row(plan);
    CHECK((per_row == 0) == (model.block_inputs[1] == 0));
    std::vector<std::int16_t> sums(per_row * n_rows);
    std::vector<const std::int16_t*> all(n_rows);
    std::vector<std::uint8_t> codes(kept_codes_per_row(plan) * n_rows, 255);
    std::vector<const std::uint8_t*> all_codes(n_rows);
    code_candidates(plan, inputs.encoded(), n_rows, codes.data());
    for (std::uint32_t row = 0; row < n_rows; ++row) {
      all_codes[row] = codes.data() + row * kept_codes_per_row(plan);
    }
    REQUIRE(sum_candidates(plan, inputs.encoded(), n_rows, &arena, sums.data()) == Status::ok);
    for (const Keeping keeping : {Keeping::all, Keeping::some, Keeping::runs, Keeping::none}) {
      for (std::uint32_t row = 0; row < n_rows; ++row) {
        all[row] = is_kept(keeping, row) ? sums.data() + row * per_row : nullptr;
      }
      for (const bool keeps_codes : {false, true}) {
        KeptCandidates kept;
        if (keeping != Keeping::none) kept.sums = all;
        kept.are_far = keeps_codes;   // then the next tile's are asked for ahead
        if (keeps_codes && per_row != 0) kept.codes = all_codes;
        std::vector<EncodedField> encoded(inputs.encoded().begin(), inputs.encoded().end());
        for (std::size_t i = 0; i < encoded.size() && per_row != 0; ++i) {
          const bool is_candidate = model.fields[i].side == Side::candidate;
          if (is_candidate && !needs_candidate_fields(plan, kept)) encoded[i] = {};
        }
        std::span<std::span<float>> logits;
        REQUIRE(score_encoded(plan, encoded, kept, n_rows, &arena, &logits) == Status::ok);
        for (std::size_t h = 0; h < logits.size(); ++h) {
          for (std::uint32_t row = 0; row < n_rows; ++row) {
            REQUIRE(bits(logits[h][row]) == bits(wanted[h][row]));
          }
        }
      }
    }
  }
}

}  // namespace

TEST_CASE("codes of all candidates, and sums of all, some or runs of them, change no bit") {
  for (std::uint64_t seed = 1; seed <= 120; ++seed) {
    CAPTURE(seed);
    const Magnitudes magnitudes = seed % 3 == 0 ? Magnitudes::extreme : Magnitudes::moderate;
    const RandomModel model(draw_architecture(seed), seed * 15485863, magnitudes);
    const std::uint32_t n_rows = seed % 10 == 0 ? 300 : 1 + static_cast<std::uint32_t>(seed % 9);
    check_kept_sums(model.model(), RandomInputs(model.model(), n_rows, seed + 3), n_rows);
  }
}

TEST_CASE("kept sums of another number of rows, or fields that are missing, are refused") {
  const RandomModel model(small(), 71);   // its candidate field feeds every layer
  const RandomInputs inputs(model.model(), 3, 72);
  Arena arena(heap, std::size_t{1} << 24);
  Error error;
  NetworkPlan plan;
  REQUIRE(prepare_network(model.model(), portable_kernel, &arena, &plan, &error) == Status::ok);
  std::vector<std::int16_t> sums(3 * kept_sums_per_row(plan));
  std::vector<std::uint8_t> codes(kept_codes_per_row(plan));
  const std::int16_t* kept[3] = {sums.data(), sums.data(), sums.data()};
  const std::uint8_t* coded[3] = {codes.data(), codes.data(), codes.data()};
  CHECK(needs_candidate_fields(plan, {{}, kept}));
  CHECK(!needs_candidate_fields(plan, {coded, kept}));
  std::span<std::span<float>> logits;
  CHECK(score_encoded(plan, inputs.encoded(), {{}, {kept, 2}}, 3, &arena, &logits) ==
        Status::internal);
  CHECK(score_encoded(plan, inputs.encoded(), {{coded, 2}, {}}, 3, &arena, &logits) ==
        Status::internal);
  std::vector<EncodedField> encoded(inputs.encoded().begin(), inputs.encoded().end());
  encoded[1] = {};
  CHECK(score_encoded(plan, encoded, {{}, kept}, 3, &arena, &logits) == Status::internal);
}

TEST_CASE("every row count, around the edges of tiles") {
  const RandomModel model(small(), 3);
  for (const std::uint32_t n_rows : {0u, 1u, 2u, 3u, 4u, 5u, 13u, 59u, 60u, 61u, 64u, 119u, 121u, 1000u}) {
    CAPTURE(n_rows);
    check_rows(model.model(), RandomInputs(model.model(), n_rows, n_rows + 1), n_rows);
  }
}

TEST_CASE("gates over x share a layer where their shifts are the same") {
  std::vector<FieldShape> fields = {
      {Side::context, OutputKind::dense, 9, false, 0, 0, Pooling::none, false},
      {Side::candidate, OutputKind::dense, 21, true, 0, 0, Pooling::none, false}};
  RandomModel model(mmoe(fields, 7, {40, 20}, {10}, 5), 17);
  const std::uint8_t shifts[5] = {6, 7, 6, 6, 7};
  const std::uint32_t columns[5] = {0, 0, 7, 14, 7};
  const std::span<const Gate> gates = model.model().levels[0].gates;
  for (std::size_t g = 0; g < 5; ++g) const_cast<Layer*>(gates[g].layer)->input_shift = shifts[g];
  for (const std::uint32_t n_rows : {1u, 14u, 150u}) {
    check_rows(model.model(), RandomInputs(model.model(), n_rows, n_rows), n_rows);
  }
  Arena arena(heap, std::size_t{1} << 26);
  Error error;
  NetworkPlan plan;
  REQUIRE(prepare_network(model.model(), portable_kernel, &arena, &plan, &error) == Status::ok);
  const std::span<PreparedGate> prepared = plan.prepared->levels[0].gates;
  for (std::size_t g = 0; g < 5; ++g) CHECK(prepared[g].column == columns[g]);
  CHECK(prepared[0].layer == prepared[3].layer);
  CHECK(prepared[1].layer == prepared[4].layer);
  CHECK(prepared[0].layer != prepared[1].layer);
}

TEST_CASE("layers over x that start from their context's sums") {
  std::size_t n_folded = 0, n_calm = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    const RandomModel model(draw_architecture(seed), seed * 32452843);
    const std::uint32_t n_rows = 12 + static_cast<std::uint32_t>(seed % 20);
    check_rows(model.model(), RandomInputs(model.model(), n_rows, seed + 4), n_rows);
    Arena arena(heap, std::size_t{1} << 26);
    Error error;
    NetworkPlan plan;
    REQUIRE(prepare_network(model.model(), portable_kernel, &arena, &plan, &error) == Status::ok);
    for_each_layer_over_x(*plan.prepared, [&](const PreparedLayer& layer) {
      n_folded += layer.folded != nullptr;
      n_calm += layer.is_calm;
    });
  }
  CHECK(n_folded > 50);
  CHECK(n_calm > n_folded);
}

TEST_CASE("wide layers, whose tiles have fewer rows") {
  FieldShape context{Side::context, OutputKind::dense, 700, false, 0, 0, Pooling::none, false};
  FieldShape candidate{Side::candidate, OutputKind::dense, 901, true, 0, 0, Pooling::none, false};
  const RandomModel model(mmoe({context, candidate}, 2, {1500, 333}, {70}, 1), 5);
  check_rows(model.model(), RandomInputs(model.model(), 21, 6), 21);
}

TEST_CASE("logits are drawn widely enough for the comparison to mean something") {
  const RandomModel model(small(), 11);
  const RandomInputs inputs(model.model(), 200, 12);
  const std::vector<std::vector<float>> logits = score(model.model(), portable_kernel, inputs, 200);
  for (const std::vector<float>& head : logits) {
    std::size_t n_different = 0;
    for (std::size_t row = 1; row < head.size(); ++row) n_different += head[row] != head[0];
    CHECK(n_different > 20);
  }
}

TEST_CASE("a row's logits do not depend on the rows beside it") {
  const RandomModel model(small(), 21);
  const RandomInputs inputs(model.model(), 130, 22);
  const auto all = score(model.model(), portable_kernel, inputs, 130);
  std::vector<EncodedField> last(inputs.encoded().begin(), inputs.encoded().end());
  for (EncodedField& field : last) {
    if (field.n_rows == 1) continue;
    field.n_rows = 1;
    field.codes += 129;
  }
  Arena arena(heap, std::size_t{1} << 24);
  Error error;
  NetworkPlan plan;
  REQUIRE(prepare_network(model.model(), portable_kernel, &arena, &plan, &error) == Status::ok);
  std::span<std::span<float>> logits;
  REQUIRE(score_encoded(plan, last, 1, &arena, &logits) == Status::ok);
  for (std::size_t h = 0; h < all.size(); ++h) CHECK(bits(logits[h][0]) == bits(all[h][129]));
}

TEST_CASE("bytes over 127 in a table stay memory-safe and give every kernel the same bits") {
  RandomModel model(small(), 31);
  std::vector<std::uint8_t> hostile(9 * 5, 0xff), masked(9 * 5, 0x7f);
  std::vector<Field> fields(model.model().fields.begin(), model.model().fields.end());
  model.model().fields = fields;
  const RandomInputs inputs(model.model(), 7, 32);
  fields[1].table = masked.data();
  const auto expected = score(model.model(), portable_kernel, inputs, 7);
  fields[1].table = hostile.data();
  for (const Kernel* kernel : built_kernels()) {
    CHECK(score(model.model(), *kernel, inputs, 7) == expected);
  }
}

TEST_CASE("a code beyond the table reads the missing row") {
  const RandomModel model(small(), 41);
  const RandomInputs inputs(model.model(), 2, 42);
  std::vector<EncodedField> encoded(inputs.encoded().begin(), inputs.encoded().end());
  const std::uint32_t beyond[2] = {9, UINT32_MAX}, missing[2] = {0, 0};
  Arena arena(heap, std::size_t{1} << 24);
  Error error;
  NetworkPlan plan;
  REQUIRE(prepare_network(model.model(), portable_kernel, &arena, &plan, &error) == Status::ok);
  std::span<std::span<float>> found, expected;
  encoded[1].n_rows = 2;
  encoded[1].codes = beyond;
  REQUIRE(score_encoded(plan, encoded, 2, &arena, &found) == Status::ok);
  encoded[1].codes = missing;
  REQUIRE(score_encoded(plan, encoded, 2, &arena, &expected) == Status::ok);
  for (std::size_t h = 0; h < found.size(); ++h) {
    CHECK(bits(found[h][0]) == bits(expected[h][0]));
    CHECK(bits(found[h][1]) == bits(expected[h][1]));
  }
}

TEST_CASE("working memory does not grow with the candidates") {
  const RandomModel model(small(), 51);
  Error error;
  std::size_t used[2];
  const std::uint32_t counts[2] = {1000, 9000};
  for (int i = 0; i < 2; ++i) {
    Arena arena(heap, std::size_t{1} << 28);
    NetworkPlan plan;
    REQUIRE(prepare_network(model.model(), portable_kernel, &arena, &plan, &error) == Status::ok);
    const RandomInputs inputs(model.model(), counts[i], 52);
    const std::size_t before = arena.used_bytes();
    std::span<std::span<float>> logits;
    REQUIRE(score_encoded(plan, inputs.encoded(), counts[i], &arena, &logits) == Status::ok);
    used[i] = arena.used_bytes() - before - 2 * counts[i] * sizeof(float);
  }
  CHECK(used[1] < used[0] + 4096);
}

TEST_CASE("too little memory is a status") {
  const RandomModel model(small(), 61);
  const RandomInputs inputs(model.model(), 100, 62);
  Error error;
  bool has_failed = false, has_passed = false;
  for (std::size_t limit = 0; limit < 400'000; limit += 4096) {
    Arena arena(heap, limit);
    NetworkPlan plan;
    std::span<std::span<float>> logits;
    Status status = prepare_network(model.model(), portable_kernel, &arena, &plan, &error);
    if (status == Status::ok) {
      status = score_encoded(plan, inputs.encoded(), 100, &arena, &logits);
    }
    REQUIRE((status == Status::ok || status == Status::memory));
    has_failed = has_failed || status == Status::memory;
    has_passed = has_passed || status == Status::ok;
  }
  CHECK(has_failed);
  CHECK(has_passed);
}

TEST_CASE("inputs that do not fit the model are refused") {
  const RandomModel model(small(), 71);
  const RandomInputs inputs(model.model(), 3, 72);
  Arena arena(heap, std::size_t{1} << 24);
  Error error;
  NetworkPlan plan;
  REQUIRE(prepare_network(model.model(), portable_kernel, &arena, &plan, &error) == Status::ok);
  std::span<std::span<float>> logits;
  CHECK(score_encoded(plan, inputs.encoded().first(1), 3, &arena, &logits) == Status::internal);
  std::vector<EncodedField> encoded(inputs.encoded().begin(), inputs.encoded().end());
  encoded[1].n_rows = 2;
  CHECK(score_encoded(plan, encoded, 3, &arena, &logits) == Status::internal);
}

TEST_CASE("graphs that do not fit together are refused") {
  Error error;
  SUBCASE("inputs of a layer") {
    RandomModel model(small(), 81);
    const_cast<Layer&>(model.model().levels[0].experts[1].layers[1]).n_in += 1;
    CHECK(prepare(model.model(), &error) == Status::dimension);
  }
  SUBCASE("columns of x") {
    RandomModel model(small(), 82);
    model.model().block_inputs[0] += 1;
    CHECK(prepare(model.model(), &error) == Status::dimension);
  }
  SUBCASE("an expert that is not there") {
    RandomModel model(small(), 83);
    const std::uint32_t experts[3] = {0, 1, 3};
    const_cast<Gate&>(model.model().levels[0].gates[1]).experts = experts;
    CHECK(prepare(model.model(), &error) == Status::reference);
  }
  SUBCASE("a gate without its layer") {
    RandomModel model(small(), 84);
    const_cast<Gate&>(model.model().levels[0].gates[1]).layer = nullptr;
    CHECK(prepare(model.model(), &error) == Status::dimension);
  }
  SUBCASE("a gate that the level above needs") {
    Architecture architecture = small();
    architecture.levels.push_back(architecture.levels[0]);
    architecture.levels[0].gates.push_back({shared_owner, {0, 1}});
    RandomModel model(architecture, 85);
    CHECK(prepare(model.model(), &error) == Status::ok);
    Level& level = const_cast<Level&>(model.model().levels[0]);
    level.gates = level.gates.first(2);
    CHECK(prepare(model.model(), &error) == Status::reference);
  }
  SUBCASE("a tower that ends in two outputs") {
    RandomModel model(small(), 86);
    const_cast<Layer&>(model.model().heads[0].tower.back()).n_out = 2;
    CHECK(prepare(model.model(), &error) == Status::dimension);
  }
  SUBCASE("an embedding without its table") {
    RandomModel model(small(), 87);
    const_cast<Field&>(model.model().fields[1]).table = nullptr;
    CHECK(prepare(model.model(), &error) == Status::reference);
  }
  SUBCASE("a shift beyond the sums") {
    RandomModel model(small(), 88);
    const_cast<Layer&>(model.model().levels[0].experts[0].layers[0]).input_shift = 32;
    CHECK(prepare(model.model(), &error) == Status::dimension);
  }
  SUBCASE("no heads") {
    RandomModel model(small(), 89);
    model.model().heads = {};
    CHECK(prepare(model.model(), &error) == Status::limit);
  }
}

TEST_CASE("kernel choice") {
  Error error;
  const Kernel* kernel = nullptr;
  CHECK(choose_kernel(KernelChoice::automatic, &kernel, &error) == Status::ok);
  REQUIRE(kernel != nullptr);
  CHECK(choose_kernel(KernelChoice::portable, &kernel, &error) == Status::ok);
  CHECK(kernel == &portable_kernel);
  CHECK(kernel_name(KernelChoice::avx2) == "avx2");
  // Each kernel that is here is what its own name and number choose, and the best is the default.
  const Kernel* best = nullptr;
  CHECK(choose_kernel(KernelChoice::automatic, &best, &error) == Status::ok);
  bool has_best = false;
  for (int number = 1; number < n_kernel_choices; ++number) {
    const auto choice = static_cast<KernelChoice>(number);
    if (choose_kernel(choice, &kernel, &error) != Status::ok) continue;
    CHECK(kernel->name == kernel_name(choice));
    has_best = has_best || kernel == best;
  }
  CHECK(has_best);
  CHECK(kernel_name(static_cast<KernelChoice>(n_kernel_choices)) == "unknown");
#if defined(__x86_64__)
  const bool has_vnni =
      __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bw");
  CHECK((best == &avx512_vnni_kernel) == has_vnni);
  CHECK((choose_kernel(KernelChoice::avx2, &kernel, &error) == Status::ok) ==
        (__builtin_cpu_supports("avx2") != 0));
  CHECK(choose_kernel(KernelChoice::neon, &kernel, &error) == Status::argument);
#endif
#if !defined(__wasm_simd128__)
  CHECK(choose_kernel(KernelChoice::wasm_simd128, &kernel, &error) == Status::argument);
  CHECK(error.where() == "kernel");
#endif
}
