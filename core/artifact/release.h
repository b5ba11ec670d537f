// A release artifact: which model, policy and catalog answer which requests, and a bundle: one file
// with a release and the three artifacts it names.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "core/artifact/container.h"

namespace guardrank {

enum class Stage : std::uint8_t { offline = 0, shadow = 1, canary = 2, ab = 3, full = 4 };
// How near a route's artifacts are wanted: a hint of the publisher's.
enum class Tier : std::uint8_t { origin = 0, disk = 1, warm = 2, pinned = 3 };

std::string_view stage_name(Stage stage);   // empty for a number that is none
std::string_view tier_name(Tier tier);

struct Route {
  // An empty text matches everything.
  std::string_view product, market, segment, partner, surface, arm;
  Stage stage = Stage::full;
  double traffic_weight = 1;                // share of the traffic, for experiments and shadows
  Sha256Digest model{}, policy{}, catalog{};
  std::string_view fallback;                // name of another release; empty: none
  Tier tier = Tier::warm;
  std::string_view salt;                    // of the experiment's bucketing; empty: the release's name
};

// How large an artifact is that routes name, and where its parts stand (core/artifact/chunk_list.h).
struct ReleaseBlob {
  Sha256Digest id{};
  std::uint64_t n_bytes = 0;
  Sha256Digest chunks{};                    // SHA-256 of the chunk list; zeros: not cut
};

struct Release {
  Container container;
  std::string_view name, version;           // "cards@41": the JSON form's "release" is the name
  std::span<const Route> routes;            // at least one
  std::int64_t created = 0;                 // micros since 1970; 0: not told
  std::string_view minimum_engine;          // "0.2.0"; empty: any
  std::span<const ReleaseBlob> blobs;
};

Status open_release(Bytes bytes, Check check, Arena* arena, Release* release, Error* error);

// The nested artifacts of a bundle, each a whole artifact in its section. `release` may be empty in
// a bundle made by hand; the ids that a release names are checked against the nested ones. `shards`: of
// open_model, empty where the model has no tables in shards or they did not come along.
struct Bundle {
  Container container;
  Bytes model, policy, catalog, release, shards;
};

Status open_bundle(Bytes bytes, Check check, Arena* arena, Bundle* bundle, Error* error);

}  // namespace guardrank
