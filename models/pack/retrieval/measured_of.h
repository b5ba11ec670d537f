// What a policy's value-recall was measured of: the towers that choose, the network and the terms that
// say what is best.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/artifact/policy.h"
#include "models/pack/weights/trained_model.h"

namespace guardrank::pack {

// "sha256:..", of every trained weight and of the terms (id, kind, expression). Left out is what moves
// from day to day without a measurement: parameters, calibrators, rules, guardrails, the catalog.
std::string measured_of(const TrainedModel& trained, const Policy& policy);

// Status::reference when a policy's recall was measured of something else. Gives a warning for a recall
// that does not say what of.
std::vector<std::string> check_measured_of(const TrainedModel& trained, const Policy& policy,
                                           std::string_view stated);

}  // namespace guardrank::pack
