// What publishers do, each as one signed step. Requests and reports are JSON (README.md); all throw
// PackError and change nothing that readers see when they do.
#pragma once

#include "models/publish/repository.h"

namespace guardrank::publish {

// {"roles": {"root": {"keys": [PEM], "threshold": 2}, "targets", "snapshot", "timestamp"},
//  "days": {"root": 365, ...}}
Json create_origin(const Publisher& publisher, const Json& request);
// {"role", "add": [PEM], "remove": [key id or PEM], "threshold"}; a team's role as well as a top one.
Json rotate_keys(const Publisher& publisher, const Json& request);
// {"team", "keys": [PEM], "threshold", "paths": ["cards/*"], "days"}
Json delegate_team(const Publisher& publisher, const Json& request);
// {"team", "with_releases": bool}: without it a team that has releases stays.
Json remove_team(const Publisher& publisher, const Json& request);
// Adds the publisher's signatures to what waits for them, and publishes it once they are enough.
Json sign_staged(const Publisher& publisher);
// {"roles": ["snapshot"]}: new versions that expire later; the timestamp always.
Json refresh_metadata(const Publisher& publisher, const Json& request);

// What a release that is there is not given stays, its stage and shares too.
// {"release", "version", "bundle", "model", "policy", "catalog", "stage", "weight", "routes",
//  "fallback", "salt", "tier", "figures", "gates", "minimum_engine", "is_cut"}
Json publish_release(const Publisher& publisher, const Json& request);
// {"release", "to", "weight", "figures", "skips"}
Json promote_release(const Publisher& publisher, const Json& request);
// {"release"}: a new version of the metadata that names what the release was before.
Json rollback_release(const Publisher& publisher, const Json& request);
// {"release"}: no reader serves it any more. Published again it is a release that was nothing before.
Json withdraw_release(const Publisher& publisher, const Json& request);
// {"history": bool, "at": "2026-11-22T08:46:00Z"}
Json describe_origin(const Publisher& publisher, const Json& request);

}  // namespace guardrank::publish
