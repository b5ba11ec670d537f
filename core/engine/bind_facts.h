// One table of all facts of a snapshot: what the model reads, what the policy declares, what the
// catalog carries and what the stages compute.
#pragma once

#include "core/artifact/catalog.h"
#include "core/artifact/model.h"
#include "core/artifact/policy.h"
#include "core/frame/fact_table.h"

namespace guardrank {

// Status::type names a catalog column whose type is not its fact's; Status::protected_fact a field
// of the model that reads a protected fact, or a head whose calibrator is picked by one: looked at
// last, so that the table is whole by then.
Status bind_facts(const Model& model, const Policy& policy, const Catalog& catalog, Arena* arena,
                  FactTable* facts, Error* error);

// "ctx.age" and so on, by ordinal.
Status name_facts(const FactTable& facts, Arena* arena, std::span<const std::string_view>* names);

}  // namespace guardrank
