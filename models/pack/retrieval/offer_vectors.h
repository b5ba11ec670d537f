// Stage one's part of packing: the catalog's vectors, and whether a policy may use them.
#pragma once

#include <vector>

#include "core/artifact/catalog.h"
#include "core/artifact/policy.h"
#include "models/pack/weights/trained_model.h"

namespace guardrank::pack {

struct OfferVectors {
  float scale = 1;
  std::vector<std::int8_t> codes;      // [n_offers][dim]
};

// The offer tower in float over every offer, facts as a request that gives none would find them
// (the catalog's, else the policy's defaults), then s8 codes in one scale.
OfferVectors make_offer_vectors(const TrainedModel& trained, const Policy& policy,
                                const Catalog& catalog);

// Refuses a policy whose measured value-recall is under its minimum (Status::argument) and one that
// calls for stage one with this catalog without a measured recall (Status::missing) or without
// towers in the model (Status::reference).
void check_two_stage(const TrainedModel& trained, const TwoStage& figures,
                     const Catalog& catalog);

}  // namespace guardrank::pack
