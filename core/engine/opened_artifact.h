// Any artifact, opened by what its header says it is.
#pragma once

#include "core/artifact/catalog.h"
#include "core/artifact/model.h"
#include "core/artifact/policy.h"
#include "core/artifact/release.h"

namespace guardrank {

// `container` is the whole's; of the others those that the artifact holds are set.
struct OpenedArtifact {
  Container container;
  bool has_model = false, has_policy = false, has_catalog = false, has_release = false;
  Model model;
  Policy policy;
  Catalog catalog;
  Release release;
};

// Verifies an artifact of any kind, a bundle's nested ones included; messages name them. `bytes` as
// for open_container.
Status open_artifact(Bytes bytes, Check check, Arena* arena, OpenedArtifact* artifact,
                     Error* error);

}  // namespace guardrank
