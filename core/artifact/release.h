// A release artifact: which model, policy and catalog answer which requests, and a bundle: one file
// with a release and the three artifacts it names.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "core/artifact/container.h"

namespace guardrank {

enum class Stage : std::uint8_t { offline = 0, shadow = 1, canary = 2, ab = 3, full = 4 };

struct Route {
  // An empty text matches everything.
  std::string_view product, market, segment, partner, surface, arm;
  Stage stage = Stage::full;
  double traffic_weight = 1;
  Sha256Digest model{}, policy{}, catalog{};
  std::string_view fallback;                // name of another release; empty: none
};

struct Release {
  Container container;
  std::string_view name, version;           // "cards@41": the JSON form's "release" is the name
  std::span<const Route> routes;            // at least one
};

Status open_release(Bytes bytes, Check check, Arena* arena, Release* release, Error* error);

// The nested artifacts of a bundle, each a whole artifact in its section. `release` may be empty in
// a bundle made by hand; the ids that a release names are checked against the nested ones.
struct Bundle {
  Container container;
  Bytes model, policy, catalog, release;
};

Status open_bundle(Bytes bytes, Check check, Arena* arena, Bundle* bundle, Error* error);

}  // namespace guardrank
