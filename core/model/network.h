// The int8 network: encoded fields to float logits per head. The arithmetic is in README.md.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "core/artifact/model.h"
#include "core/frame/frame.h"
#include "core/model/kernels/kernel.h"

namespace guardrank {

// Which kernel to use; `automatic` takes the best that the processor has.
enum class KernelChoice : std::uint8_t {
  automatic = 0,
  portable = 1,
  avx2 = 2,
  wasm_simd128 = 3,
  ssse3 = 4,
  avx_vnni = 5,
  avx512_vnni = 6,
  neon = 7,
  neon_dot = 8,
  wasm_relaxed = 9,
};
inline constexpr int n_kernel_choices = 10;
std::string_view kernel_name(KernelChoice choice);
// Status::argument when this build or processor lacks it.
Status choose_kernel(KernelChoice choice, const Kernel** kernel, Error* error);

// Weights laid out for the kernel; immutable, shared between threads. Private parts in
// prepared_network.h.
struct NetworkPlan {
  const Model* model = nullptr;
  const Kernel* kernel = nullptr;
  struct Prepared;
  const Prepared* prepared = nullptr;
};

// Checks that the layers fit together (Status::dimension, reference, limit), whatever the artifact
// verifier has done, and copies the weights into the kernels' layout. `model` outlives the plan.
Status prepare_network(const Model& model, const Kernel& kernel, Arena* arena, NetworkPlan* plan,
                       Error* error);

// Fills frame->context_codes from frame->encoded, of which only the context fields are read.
Status quantise_context(const NetworkPlan& plan, Frame* frame);

// What the candidate block adds to every layer that reads x, as rounded sums of one candidate: so
// many int16 values in a row, 0 where no layer has candidate columns. They follow from the
// candidate's encoded fields alone, so a catalog's can be kept.
std::size_t kept_sums_per_row(const NetworkPlan& plan);
// Whether a candidate's encoded fields are read although its sums are kept: where one of them feeds
// every layer.
bool needs_candidate_fields(const NetworkPlan& plan);
// Writes the sums of `n_rows` candidates, n_rows * kept_sums_per_row(plan) values. Fields of the
// other sides are not read.
Status sum_candidates(const NetworkPlan& plan, std::span<const EncodedField> encoded,
                      std::uint32_t n_rows, Arena* arena, std::int16_t* sums);

// One address per row, null where a row's sums are not kept; or no rows at all.
using KeptSums = std::span<const std::int16_t* const>;
// Whether there are rows and each has its sums.
bool are_all_kept(KeptSums kept);

// Fills frame->logits from frame->encoded; kept sums change no bit. Where every row has them and no
// candidate field feeds every layer, candidate fields may be left unencoded (n_rows 0).
Status score_network(const NetworkPlan& plan, KeptSums kept, Frame* frame);
inline Status score_network(const NetworkPlan& plan, Frame* frame) {
  return score_network(plan, {}, frame);
}

// The same over encoded fields alone: one per model field, of `n_rows` rows or one shared row;
// context fields have one. `logits`: by head, n_rows each, from `arena`, which also gives the
// working memory: a fixed amount per plan, whatever n_rows is.
Status score_encoded(const NetworkPlan& plan, std::span<const EncodedField> encoded,
                     KeptSums kept, std::uint32_t n_rows, Arena* arena,
                     std::span<std::span<float>>* logits);
inline Status score_encoded(const NetworkPlan& plan, std::span<const EncodedField> encoded,
                            std::uint32_t n_rows, Arena* arena,
                            std::span<std::span<float>>* logits) {
  return score_encoded(plan, encoded, {}, n_rows, arena, logits);
}

}  // namespace guardrank
