// model.json (contracts.md, section 1), strictly: unknown members, wrong types and missing members
// are refused by path with Status::model_json; sampling and calibrators with their own status.
#pragma once

#include <string_view>

#include "models/pack/weights/json_node.h"
#include "models/pack/weights/trained_model.h"

namespace guardrank::pack {

// Everything but the tensors, whose shapes follow: layers have sizes and no numbers.
// Sizes are held against core/base/limits.h before memory is taken for them.
TrainedModel read_model_json(std::string_view text);

// The "fields" of model.json alone (an array, or an object with a member "fields"): what a trainer
// needs before there is a graph.
TrainedModel read_fields_json(std::string_view text);

// Parts, by member of the document.
void read_fields(const JsonNode& fields, TrainedModel* model);
void read_levels(const JsonNode& levels, TrainedModel* model);
void read_heads(const JsonNode& heads, TrainedModel* model);
void read_lineage(const JsonNode& lineage, TrainedModel* model);
// "retrieval", once the fields are known.
void read_retrieval(const JsonNode& retrieval, TrainedModel* model);
// Sizes of the towers' layers, once levels and heads are known.
void size_towers(TrainedModel* model);

}  // namespace guardrank::pack
