// Transforms for the fields of a random model, and raw values that go through them.
#pragma once

#include <string>
#include <vector>

#include "core/artifact/model.h"
#include "models/pack/memory.h"
#include "tests/sweep/drawing.h"

namespace guardrank::sweep {

// Gives every field a type and a chain that its output needs: every transform, every type of fact,
// crosses, and `offer_id` now and then.
std::vector<Field> draw_chains(std::span<const Field> fields, Drawing* drawing,
                               pack::Memory* memory);

// The raw value of a field as JSON; empty or null: missing. Crosses and offer_id have none of their own.
std::string draw_value(const Field& field, Drawing* drawing);

// `"field1": 3, "field4": "v2"`: the fields of one side, those that are missing left out.
std::string draw_values(std::span<const Field> fields, Side side, Drawing* drawing);

}  // namespace guardrank::sweep
