// The int8 network: encoded fields to float logits per head. The arithmetic is in README.md.
#pragma once

#include <cstdint>
#include <span>

#include "core/artifact/model.h"
#include "core/frame/frame.h"
#include "core/model/kernels/kernel.h"

namespace guardrank {

// Which kernel to use; `automatic` takes the best that the processor has.
enum class KernelChoice : std::uint8_t { automatic = 0, portable = 1, avx2 = 2, wasm_simd128 = 3 };
std::string_view kernel_name(KernelChoice choice);
// Status::argument when this build or processor lacks it.
Status choose_kernel(KernelChoice choice, const Kernel** kernel, Error* error);

// Weights laid out for the kernel; immutable, shared between threads. Private parts in network.cc.
struct NetworkPlan {
  const Model* model = nullptr;
  const Kernel* kernel = nullptr;
  struct Prepared;
  const Prepared* prepared = nullptr;
};

Status prepare_network(const Model& model, const Kernel& kernel, Arena* arena, NetworkPlan* plan,
                       Error* error);

// Fills frame->logits from frame->encoded.
Status score_network(const NetworkPlan& plan, Frame* frame);

}  // namespace guardrank
