// A trained model in float to the engine's int8 form (core/model/README.md, docs: scoring.md).
#pragma once

#include "core/artifact/model.h"
#include "models/pack/quantise/ranges.h"
#include "models/pack/weights/trained_model.h"

namespace guardrank::pack {

// Names and calibrators are views into the trained model, which must live as long.
struct QuantisedModel {
  Memory memory;                       // tables, weights and spans
  Model model;                         // no container, golden vectors or report
};

// Scales: an embedding's from its whole table, a dense field's from its range with a zero point of
// its own, one per expert layer, mix and tower layer from their ranges. What never was active gets
// a range of [0, 1].
QuantisedModel quantise(const TrainedModel& trained, const Ranges& ranges);

}  // namespace guardrank::pack
