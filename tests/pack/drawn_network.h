// Networks drawn at random as a weights folder, and their logits computed straight from the text of
// contracts.md in double: nothing of models/pack or core takes part.
#pragma once

#include <map>
#include <random>

#include "tests/pack/weights_folder.h"

namespace guardrank::testing {

struct DrawnNetwork {
  Json spec;
  Tensors tensors;

  void write(const Folder& folder, std::size_t n_rows, std::uint64_t seed) const;
};

// Towers alone, shared bottom, MMoE or PLE of two levels, by seed; two fed fields whose order in
// model.json is not that of x.
DrawnNetwork draw_network(std::uint64_t seed);

// One line of calibration.jsonl.
Json draw_row(std::mt19937_64* random);

// Logits of a row, by head.
std::vector<double> contract_logits(const DrawnNetwork& network, const Json& row);

}  // namespace guardrank::testing
