// Scales and tables of the fields, and the columns of x in which layers read them.
#pragma once

#include <vector>

#include "models/pack/quantise/quantise.h"

namespace guardrank::pack {

// One column that a layer reads: its scale and zero point, and the codes that can stand in it.
struct InputColumn {
  double scale = 1;
  int zero_point = 0;
  int lowest = 0, highest = 127;
};

struct QuantisedInputs {
  std::vector<InputColumn> x;          // by column
  std::vector<InputColumn> fed;        // fed embeddings, in field order
};

// Sets scale, zero points and table of every field.
QuantisedInputs quantise_fields(const TrainedModel& trained, const Ranges& ranges,
                                std::span<Field> fields, Memory* memory);

// Round half to even, then into [low, high].
int round_code(double value, int low, int high);

}  // namespace guardrank::pack
