// A JSON description of an artifact: names, versions, sections, fields, heads, rules, columns.
#pragma once

#include <string_view>

#include "core/base/json.h"
#include "core/engine/opened_artifact.h"

namespace guardrank {

// {"kind", "id", "format", "numerics", "sections": [...], and "model", "policy", "catalog", "release"
// as far as the artifact holds them}. The text lives in `arena`.
Status write_inspection(const OpenedArtifact& artifact, Arena* arena, std::string_view* text);

// Each writes one object, for a value of its own key.
void inspect_model(const Model& model, JsonWriter* json);
void inspect_policy(const Policy& policy, JsonWriter* json);
void inspect_catalog(const Catalog& catalog, JsonWriter* json);
void inspect_release(const Release& release, JsonWriter* json);

// "id": "sha256:..."
void inspect_id(std::string_view key, const Sha256Digest& digest, JsonWriter* json);

}  // namespace guardrank
