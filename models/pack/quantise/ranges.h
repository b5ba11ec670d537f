// What values take on calibration data: the ranges that static scales cover.
#pragma once

#include <vector>

#include "models/pack/float_reference/float_reference.h"

namespace guardrank::pack {

struct Range {
  float low = 0, high = 0;             // always holds 0
  void add(float value) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
};

// Everything starts as [0, 0] and grows with `add`.
struct Ranges {
  explicit Ranges(const TrainedModel& model);
  void add(const TrainedModel& model, const Matrix& x, const Activations& activations);

  std::vector<Range> fields;                             // columns of x by field, no indicator
  std::vector<std::vector<std::vector<Range>>> experts;  // by level, expert, layer
  std::vector<std::vector<Range>> gates;                 // by level, gate
  std::vector<std::vector<Range>> towers;                // by head, hidden layer
  std::vector<Range> context_tower;                      // stage one's, by layer, the last included
  std::size_t n_rows = 0;
};

// True when the graph has something whose range only rows can tell: a dense field, a hidden layer,
// a field pooled by sum.
bool needs_rows(const TrainedModel& model);

}  // namespace guardrank::pack
