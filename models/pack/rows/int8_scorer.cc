#include "models/pack/rows/int8_scorer.h"

#include "core/base/math.h"
#include "models/pack/pack_error.h"

namespace guardrank::pack {

Int8Scorer::Int8Scorer(const Model& model) : n_heads_(model.heads.size()) {
  const Kernel* kernel = nullptr;
  Error error;
  throw_if(choose_kernel(KernelChoice::automatic, &kernel, &error), error);
  throw_if(prepare_network(model, *kernel, &weights_.arena(), &network_, &error), error);
}

Matrix Int8Scorer::logits(const EncodedRows& rows, std::uint32_t first, std::uint32_t count) {
  const FloatingPointEnvironment environment;
  Matrix out({count, n_heads_});
  for (std::uint32_t row = 0; row < count; ++row) {
    scratch_.arena().reset();
    std::span<std::span<float>> logits;
    const Status status =
        score_encoded(network_, rows.block(first + row, 1), 1, &scratch_.arena(), &logits);
    if (status != Status::ok) throw PackError(status, "int8 network", "scoring failed");
    for (std::size_t h = 0; h < n_heads_; ++h) out(row, h) = logits[h][0];
  }
  return out;
}

}  // namespace guardrank::pack
