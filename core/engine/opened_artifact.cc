#include "core/engine/opened_artifact.h"

namespace guardrank {
namespace {

// Opens nested artifacts of one bundle, or a single artifact by itself.
struct Opening {
  Check check;
  Arena* arena;
  OpenedArtifact* artifact;
  Error* error;

  Status model(Bytes bytes, Bytes shards = {}) {
    artifact->has_model = true;
    return open_model(bytes, check, arena, &artifact->model, error, shards);
  }
  Status policy(Bytes bytes) {
    artifact->has_policy = true;
    return open_policy(bytes, check, arena, &artifact->policy, error);
  }
  Status catalog(Bytes bytes) {
    artifact->has_catalog = true;
    return open_catalog(bytes, check, arena, &artifact->catalog, error);
  }
  Status release(Bytes bytes) {
    artifact->has_release = true;
    return open_release(bytes, check, arena, &artifact->release, error);
  }
  Status bundle(Bytes bytes) {
    Bundle bundle;
    GUARDRANK_TRY(open_bundle(bytes, check, arena, &bundle, error));
    if (model(bundle.model, bundle.shards) != Status::ok) return error->within("model");
    if (policy(bundle.policy) != Status::ok) return error->within("policy");
    if (catalog(bundle.catalog) != Status::ok) return error->within("catalog");
    if (bundle.release.empty() || release(bundle.release) == Status::ok) return Status::ok;
    return error->within("release");
  }
};

}  // namespace

Status open_artifact(Bytes bytes, Check check, Arena* arena, OpenedArtifact* artifact,
                     Error* error) {
  *artifact = {};
  // The kind alone is wanted here; the full check, if any, is done by what opens the kind.
  GUARDRANK_TRY(open_container(bytes, Check::structure, arena, &artifact->container, error));
  Opening opening{check, arena, artifact, error};
  switch (artifact->container.kind) {
    case ArtifactKind::model: return opening.model(bytes);
    case ArtifactKind::policy: return opening.policy(bytes);
    case ArtifactKind::catalog: return opening.catalog(bytes);
    case ArtifactKind::release: return opening.release(bytes);
    case ArtifactKind::bundle: return opening.bundle(bytes);
  }
  return error->set(Status::identifier, "header.kind", {"not a kind of artifact"});
}

}  // namespace guardrank
