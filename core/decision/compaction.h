// Columns by row, cut down to the rows that a removing stage kept.
#pragma once

#include <cstdint>
#include <span>

#include "core/calibration/calibration.h"
#include "core/value/value.h"

namespace guardrank {

// Where the candidates in `after` stood in `before`; both ascending, `after` a part of `before`.
Status find_kept(std::span<const std::uint32_t> before, std::span<const std::uint32_t> after,
                 Arena* arena, std::span<const std::uint32_t>* kept);

// `kept`: rows of the present columns, ascending. New arrays come from `arena`.
Status keep_outcomes(std::span<const std::uint32_t> kept, Arena* arena,
                     std::span<HeadOutcome> outcomes);
Status keep_scores(std::span<const std::uint32_t> kept, Arena* arena, Scores* scores);

}  // namespace guardrank
