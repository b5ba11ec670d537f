// The engine's own int8 network over encoded rows, apart from a snapshot.
#pragma once

#include "core/model/network.h"
#include "models/pack/float_reference/linear.h"
#include "models/pack/memory.h"
#include "models/pack/rows/encoded_rows.h"

namespace guardrank::pack {

// `model` must outlive it.
class Int8Scorer {
 public:
  explicit Int8Scorer(const Model& model);
  // [count][heads]. Row by row, since each has a context of its own.
  Matrix logits(const EncodedRows& rows, std::uint32_t first, std::uint32_t count);

 private:
  Memory weights_, scratch_;
  NetworkPlan network_;
  std::size_t n_heads_;
};

}  // namespace guardrank::pack
