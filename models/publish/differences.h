// What a change of metadata changes, for those who are asked to sign it.
#pragma once

#include "models/publish/canonical_json.h"

namespace guardrank::publish {

// Every difference of two values: [{"at": "targets/cards.release/length", "before": 1, "after": 2}, ...], in the
// order of their names. What is on one side only has no member for the other. Arrays differ as a whole, but for those
// of objects with names of their own (delegated roles), which are told by these, and their order where it differs.
Json differences(const Json& before, const Json& after);

}  // namespace guardrank::publish
