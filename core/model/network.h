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

// Fills frame->logits from frame->encoded.
Status score_network(const NetworkPlan& plan, Frame* frame);

// The same over encoded fields alone: one per model field, of `n_rows` rows or one shared row;
// context fields have one. `logits`: by head, n_rows each, from `arena`, which also gives the
// working memory: a fixed amount per plan, whatever n_rows is.
Status score_encoded(const NetworkPlan& plan, std::span<const EncodedField> encoded,
                     std::uint32_t n_rows, Arena* arena, std::span<std::span<float>>* logits);

}  // namespace guardrank
