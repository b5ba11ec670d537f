// The whole graph in float: what PyTorch computes, from the fields that the engine encodes. The
// int8 network is held against it, and tools may rank with it.
#pragma once

#include <span>
#include <vector>

#include "core/decision/pipeline.h"
#include "models/pack/float_reference/linear.h"
#include "models/pack/weights/trained_model.h"

namespace guardrank::pack {

// Everything computed for a block of rows, for whoever wants the ranges.
struct Activations {
  std::vector<std::vector<std::vector<Matrix>>> experts;  // by level, expert, layer; after ReLU
  std::vector<std::vector<Matrix>> gates;                 // by level, gate: the mix
  std::vector<std::vector<Matrix>> towers;                // by head, hidden layer; after ReLU
  Matrix logits;                                          // [rows][heads]
  std::vector<Matrix> context_tower;                      // stage one's, by layer
};

// Reads `model`, which must outlive it. Immutable, shared between threads.
class FloatReference {
 public:
  explicit FloatReference(const TrainedModel& model);

  // Columns of x for the rows [first, first + count); a field of one row stands for all.
  Matrix inputs(std::span<const EncodedField> encoded, std::uint32_t first,
                std::uint32_t count) const;
  Activations run(const Matrix& x) const;
  Matrix logits(std::span<const EncodedField> encoded, std::uint32_t n_rows) const;
  std::uint32_t n_heads() const { return static_cast<std::uint32_t>(towers_.size()); }

  // In the int8 network's place. Reads *this.
  LogitScorer scorer() const;

 private:
  struct Gate {
    std::vector<Linear> layer;                            // one, or none
  };
  struct Level {
    std::vector<std::vector<Linear>> experts;
    std::vector<Gate> gates;
  };

  Matrix fed_columns(const Matrix& x) const;
  Matrix level_input(std::size_t depth, std::uint32_t owner, const Matrix& x, const Matrix& fed,
                     const Activations& done) const;
  void run_level(std::size_t depth, const Matrix& x, const Matrix& fed, Activations* done) const;
  Matrix mix(std::size_t depth, std::size_t gate, const Matrix& x, const Matrix& fed,
             const Activations& done) const;
  void run_towers(const Matrix& x, const Matrix& fed, Activations* done) const;

  const TrainedModel* model_;
  std::vector<Level> levels_;
  std::vector<std::vector<Linear>> towers_;
  std::vector<Linear> context_tower_;
};

// A plain tower: every layer's outputs, ReLU after each but the last.
std::vector<Matrix> run_tower(const std::vector<Linear>& layers, const Matrix& input);

}  // namespace guardrank::pack
