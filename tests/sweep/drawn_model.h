// A random model that the artifact's verifier takes: graph and weights of tests/core/model, with
// chains, heads and towers of stage one drawn here.
#pragma once

#include "models/pack/memory.h"
#include "tests/core/model/random_model.h"
#include "tests/sweep/drawing.h"

namespace guardrank::sweep {

class DrawnModel {
 public:
  DrawnModel(std::uint64_t seed, Drawing* drawing);

  const Model& model() const { return random_.model(); }

 private:
  void bound(const Layer& layer);
  void bound_all();
  void draw_heads();
  void draw_sampling(Head* head);
  Calibrator draw_calibrator();
  void draw_retrieval();
  Layer draw_layer(std::uint32_t n_out, std::uint32_t n_in);

  Drawing* drawing_;
  bool is_extreme_;
  bool has_ties_;    // multipliers are powers of two, so that codes stand half-way now and then
  testing::RandomModel random_;
  pack::Memory memory_;
};

}  // namespace guardrank::sweep
