// Golden vectors: a few requests drawn from the calibration rows, with the bits that the engine
// gives for them.
#pragma once

#include <span>

#include "core/artifact/model.h"
#include "models/pack/memory.h"
#include "models/pack/rows/calibration_rows.h"

namespace guardrank::pack {

// Up to limits::golden_requests of up to limits::golden_rows rows; without rows, one request that
// gives no fact. Figures come from the engine itself (core/engine/golden.h).
std::span<const GoldenRequest> make_golden(const Model& model, const CalibrationRows& rows,
                                           Memory* memory);

// Rows to draw so that enough are left when an offer stands twice in a request.
inline constexpr std::size_t golden_samples = 256;

}  // namespace guardrank::pack
