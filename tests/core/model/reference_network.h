// core/model/README.md read literally: one candidate at a time, the whole of x, plain loops. Shares
// no code with the network but the exponential, which the arithmetic names.
#pragma once

#include <span>
#include <vector>

#include "core/artifact/model.h"
#include "core/frame/encoded_field.h"

namespace guardrank::testing {

// Logits of one candidate, by head.
std::vector<float> reference_logits(const Model& model, std::span<const EncodedField> encoded,
                                    std::uint32_t row);

}  // namespace guardrank::testing
