#include "core/artifact/flatbuffers.h"

#include "core/artifact/release.h"

#include "core/artifact/table_reader.h"
#include "models/schema/release_generated.h"

namespace guardrank {
namespace {

constexpr Bounds stages = bounds::within(0, static_cast<int>(Stage::full));
constexpr Bounds tiers = bounds::within(0, static_cast<int>(Tier::pinned));
constexpr Member route_members[] = {
    GUARDRANK_MEMBER(Route, product, VT_PRODUCT, Route, product),
    GUARDRANK_MEMBER(Route, market, VT_MARKET, Route, market),
    GUARDRANK_MEMBER(Route, segment, VT_SEGMENT, Route, segment),
    GUARDRANK_MEMBER(Route, partner, VT_PARTNER, Route, partner),
    GUARDRANK_MEMBER(Route, surface, VT_SURFACE, Route, surface),
    GUARDRANK_MEMBER(Route, arm, VT_ARM, Route, arm),
    GUARDRANK_MEMBER(Route, fallback, VT_FALLBACK, Route, fallback),
    GUARDRANK_MEMBER(Route, stage, VT_STAGE, Route, stage, {.bounds = &stages}),
    GUARDRANK_MEMBER(Route, traffic_weight, VT_TRAFFIC_WEIGHT, Route, traffic_weight,
                     {.bounds = &bounds::not_negative}),
    GUARDRANK_MEMBER(Route, model, VT_MODEL, Route, model, {.bounds = &bounds::digest}),
    GUARDRANK_MEMBER(Route, policy, VT_POLICY, Route, policy, {.bounds = &bounds::digest}),
    GUARDRANK_MEMBER(Route, catalog, VT_CATALOG, Route, catalog, {.bounds = &bounds::digest}),
    GUARDRANK_MEMBER(Route, tier, VT_TIER, Route, tier, {.bounds = &tiers}),
    GUARDRANK_MEMBER(Route, salt, VT_SALT, Route, salt),
};
constexpr Route blank_route{};
constexpr Table route_table = table_of<route_members>({
    .n_bytes = sizeof(Route),
    .blank = &blank_route});

constexpr Member blob_members[] = {
    GUARDRANK_MEMBER(Blob, id, VT_ID, ReleaseBlob, id,
                     {.bounds = &bounds::digest, .is_required = true}),
    GUARDRANK_MEMBER(Blob, bytes, VT_BYTES, ReleaseBlob, n_bytes),
    GUARDRANK_MEMBER(Blob, chunks, VT_CHUNKS, ReleaseBlob, chunks, {.bounds = &bounds::digest, .is_required = true}),
};
constexpr ReleaseBlob blank_blob{};
constexpr Table blob_table = table_of<blob_members>({
    .n_bytes = sizeof(ReleaseBlob),
    .blank = &blank_blob});

constexpr Bounds n_blobs = bounds::at_most(3 * limits::routes);
constexpr Bounds n_routes = bounds::some(limits::routes, Status::verify);
constexpr Member release_members[] = {
    GUARDRANK_MEMBER(Release, name, VT_NAME, Release, name, {.bounds = &bounds::name}),
    GUARDRANK_MEMBER(Release, version, VT_VERSION, Release, version, {.bounds = &bounds::name}),
    GUARDRANK_MEMBER(Release, routes, VT_ROUTES, Release, routes,
                     {.bounds = &n_routes, .child = &route_table}),
    GUARDRANK_MEMBER(Release, created, VT_CREATED, Release, created),
    GUARDRANK_MEMBER(Release, minimum_engine, VT_MINIMUM_ENGINE, Release, minimum_engine),
    GUARDRANK_MEMBER(Release, blobs, VT_BLOBS, Release, blobs,
                     {.bounds = &n_blobs, .child = &blob_table}),
};
constexpr Table release_table = table_of<release_members>();

constexpr std::string_view stage_names[] = {"offline", "shadow", "canary", "ab", "full"};
constexpr std::string_view tier_names[] = {"origin", "disk", "warm", "pinned"};

}  // namespace

std::string_view stage_name(Stage stage) {
  const auto index = static_cast<std::size_t>(stage);
  return index < std::size(stage_names) ? stage_names[index] : std::string_view{};
}

std::string_view tier_name(Tier tier) {
  const auto index = static_cast<std::size_t>(tier);
  return index < std::size(tier_names) ? tier_names[index] : std::string_view{};
}

Status open_release(Bytes bytes, Check check, Arena* arena, Release* release, Error* error) {
  Release opened;
  GUARDRANK_TRY(open_container_of(ArtifactKind::release, bytes, check, arena, &opened.container,
                                  error));
  GUARDRANK_TRY(TableReader(arena, error).open(opened.container, SectionKind::root,
                                               schema::ReleaseIdentifier(), release_table,
                                               &opened));
  *release = opened;
  return Status::ok;
}

}  // namespace guardrank
