#include "models/pack/artifact/section_builder.h"
#include "models/pack/artifact/writers.h"
#include "models/schema/bundle_generated.h"
#include "models/schema/release_generated.h"

namespace guardrank::pack {
namespace {

flatbuffers::Offset<schema::Route> write_route(Builder* builder, const Route& route) {
  const auto product = optional_text(builder, route.product);
  const auto market = optional_text(builder, route.market);
  const auto segment = optional_text(builder, route.segment);
  const auto partner = optional_text(builder, route.partner);
  const auto surface = optional_text(builder, route.surface);
  const auto arm = optional_text(builder, route.arm);
  const auto model = optional_vector<std::uint8_t>(builder, route.model);
  const auto policy = optional_vector<std::uint8_t>(builder, route.policy);
  const auto catalog = optional_vector<std::uint8_t>(builder, route.catalog);
  const auto fallback = optional_text(builder, route.fallback);
  const auto salt = optional_text(builder, route.salt);
  return schema::CreateRoute(*builder, product, market, segment, partner, surface, arm,
                             static_cast<schema::Stage>(route.stage), route.traffic_weight, model,
                             policy, catalog, fallback, static_cast<schema::Tier>(route.tier), salt);
}

flatbuffers::Offset<schema::Blob> write_blob(Builder* builder, const ReleaseBlob& blob) {
  const auto id = optional_vector<std::uint8_t>(builder, blob.id);
  const auto chunks = optional_vector<std::uint8_t>(builder, blob.chunks);
  return schema::CreateBlob(*builder, id, blob.n_bytes, chunks);
}

}  // namespace

AlignedBytes write_release(const Release& release) {
  Builder builder;
  std::vector<flatbuffers::Offset<schema::Route>> routes;
  for (const Route& route : release.routes) routes.push_back(write_route(&builder, route));
  const auto name = text(&builder, release.name);
  const auto version = text(&builder, release.version);
  const auto all = offsets_vector(&builder, routes);
  const auto minimum_engine = optional_text(&builder, release.minimum_engine);
  std::vector<flatbuffers::Offset<schema::Blob>> blobs;
  for (const ReleaseBlob& blob : release.blobs) blobs.push_back(write_blob(&builder, blob));
  const auto sizes = offsets_vector(&builder, blobs);
  schema::FinishReleaseBuffer(builder, schema::CreateRelease(builder, name, version, all,
                                                             release.created, minimum_engine, sizes));
  const NewSection root{SectionKind::root, finished(builder)};
  return write_container(ArtifactKind::release, {&root, 1});
}

AlignedBytes write_bundle(std::string_view name, Bytes model, Bytes policy, Bytes catalog,
                          Bytes release, Bytes shards) {
  Builder builder;
  const auto text_offset = text(&builder, name);
  schema::FinishBundleBuffer(builder, schema::CreateBundle(builder, text_offset));
  std::vector<NewSection> sections = {{SectionKind::root, finished(builder)},
                                      {SectionKind::model, model},
                                      {SectionKind::policy, policy},
                                      {SectionKind::catalog, catalog}};
  if (!release.empty()) sections.push_back({SectionKind::release, release});
  if (!shards.empty()) sections.push_back({SectionKind::shards, shards});
  return write_container(ArtifactKind::bundle, sections);
}

}  // namespace guardrank::pack
