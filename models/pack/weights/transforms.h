// One entry of a field's "transforms".
#pragma once

#include "models/pack/weights/json_node.h"
#include "models/pack/weights/trained_model.h"

namespace guardrank::pack {

// `type`: of the field, which tells what a fill's value is.
Transform read_transform(const JsonNode& node, FactType type, Memory* memory);
// What the type of a column is after `transform`, as far as the value of a fill depends on it.
FactType type_after(const Transform& transform, FactType type);

// Embedding rows that a transform gives codes for; 0 when it does not end in codes.
std::uint32_t code_count(const Transform& transform);

}  // namespace guardrank::pack
