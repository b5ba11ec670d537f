// The engine's own int8 network over encoded rows, apart from a snapshot.
#pragma once

#include "core/model/network.h"
#include "core/frame/frame.h"
#include "models/pack/float_reference/linear.h"
#include "models/pack/rows/encoded_rows.h"
#include "models/pack/rows/model_facts.h"

namespace guardrank::pack {

// `model` must outlive it.
class Int8Scorer {
 public:
  static constexpr std::uint32_t block_rows = 256;

  explicit Int8Scorer(const Model& model);
  // [count][heads]; count at most block_rows.
  Matrix logits(const EncodedRows& rows, std::uint32_t first, std::uint32_t count);

 private:
  ModelFacts facts_;
  Memory weights_, frame_memory_;
  NetworkPlan network_;
  Request request_;
  std::size_t n_heads_;
};

}  // namespace guardrank::pack
