// A policy, a catalog and requests for a drawn model, as their documents.
#pragma once

#include <string>
#include <vector>

#include "core/artifact/model.h"
#include "tests/sweep/drawing.h"

namespace guardrank::sweep {

// Rules, guardrails, terms over the model's heads, placement, and two stages where the model has
// the towers for it.
std::string draw_policy_document(const Model& model, Drawing* drawing);

std::string draw_catalog_document(const Model& model, std::uint32_t n_offers, Drawing* drawing);

// The whole catalog, or offers of it in any order, with facts of their own and offers of none.
std::string draw_request(const Model& model, std::uint32_t n_offers, Drawing* drawing);

}  // namespace guardrank::sweep
