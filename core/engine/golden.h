// Golden vectors: a few requests scored by the model alone, with the exact bits expected. The packer
// writes them with the code that later replays them.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/artifact/model.h"
#include "core/base/arena.h"
#include "core/model/network.h"

namespace guardrank {

// Scores `request_json` (contracts.md section 4, candidates that bring their own facts) with the
// model alone: the facts are those that its fields read, the offers need no catalog, and no policy
// takes part. Fills `golden` with `request_json` itself (not copied) and one row per candidate, in
// the order of the request; the figures live in `arena`. Status::not_finite names a row and a head
// whose logit is not finite; Status::limit for more rows than limits::golden_rows.
Status score_golden(const Model& model, KernelChoice kernel, const Allocator& allocator,
                    std::string_view request_json, Arena* arena, GoldenRequest* golden,
                    Error* error);

// Scores every golden request of the model again, by its prepared network, and compares bit for
// bit. Status::golden names the request, row and head, with the wanted and the found figure.
Status replay_golden(const Model& model, const NetworkPlan& network, const Allocator& allocator,
                     Error* error);

}  // namespace guardrank
