// The int8 network: encoded fields to float logits per head. The arithmetic is in README.md.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "core/artifact/model.h"
#include "core/frame/frame.h"
#include "core/model/context_cache.h"
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
  wasm_relaxed = 9,   // the better one of the next two
  wasm_relaxed_dot = 10,
  wasm_relaxed_pairs = 11,
};
inline constexpr int n_kernel_choices = 12;
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
  std::uint64_t serial = 0;    // no other network of the host's has it; 0: contexts are not kept
};

// Checks that the layers fit together (Status::dimension, reference, limit), whatever the artifact
// verifier has done, which says what does not; and copies the weights into the kernels' layout. `model`
// outlives the plan.
Status prepare_network(const Model& model, const Kernel& kernel, Arena* arena, NetworkPlan* plan,
                       Error* error);

// Fills frame->context_codes from frame->encoded, of which only the context fields are read.
Status quantise_context(const NetworkPlan& plan, Frame* frame);

// The candidate block's codes of one candidate, and what they add to every layer that reads x, as
// rounded sums: so many values in a row, 0 where no layer has candidate columns. They follow from
// the candidate's encoded fields alone, so a catalog's can be kept.
std::size_t kept_codes_per_row(const NetworkPlan& plan);
std::size_t kept_sums_per_row(const NetworkPlan& plan);
// Writes those of `n_rows` candidates. Fields of the other sides are not read.
void code_candidates(const NetworkPlan& plan, std::span<const EncodedField> encoded,
                     std::uint32_t n_rows, std::uint8_t* codes);
Status sum_candidates(const NetworkPlan& plan, std::span<const EncodedField> encoded,
                      std::uint32_t n_rows, Arena* arena, std::int16_t* sums);

// One address per row, or no rows at all.
struct KeptCandidates {
  std::span<const std::uint8_t* const> codes;      // of all rows
  std::span<const std::int16_t* const> sums;       // null where a row's are not kept
  bool are_far = false;   // in a table larger than a core's caches: sums are asked for ahead
};
// Whether candidates' encoded fields are read: not where all codes are kept, nor where all sums are
// and none of the fields feeds every layer.
bool needs_candidate_fields(const NetworkPlan& plan, const KeptCandidates& kept);

// One request's rows: one encoded field per model field, of `n_rows` rows or one shared row; context
// fields have one, candidate fields that are not needed may be left unencoded (n_rows 0).
struct ScoredRows {
  std::span<const EncodedField> encoded;
  KeptCandidates kept;
  std::uint32_t n_rows = 0;
  std::span<std::span<float>> logits;              // the result: by head, n_rows each
};
// Scores requests together: their rows share tiles and so each reading of the weights. Neither
// that, nor what is kept, nor the cache (may be null) changes a bit. Logits and working memory come
// from `arena`; apart from the logits and an address per row, a fixed amount per plan and request.
Status score_together(const NetworkPlan& plan, std::span<ScoredRows> parts, ContextCache* cache,
                      Arena* arena);

// Fills frame->logits from frame->encoded.
Status score_network(const NetworkPlan& plan, Frame* frame);

// One request alone.
Status score_encoded(const NetworkPlan& plan, std::span<const EncodedField> encoded,
                     const KeptCandidates& kept, std::uint32_t n_rows, Arena* arena,
                     std::span<std::span<float>>* logits);
inline Status score_encoded(const NetworkPlan& plan, std::span<const EncodedField> encoded,
                            std::uint32_t n_rows, Arena* arena,
                            std::span<std::span<float>>* logits) {
  return score_encoded(plan, encoded, {}, n_rows, arena, logits);
}

}  // namespace guardrank
