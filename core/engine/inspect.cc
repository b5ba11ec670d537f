#include "core/engine/inspect.h"

namespace guardrank {
namespace {

void inspect_sections(const Container& container, JsonWriter* json) {
  json->key("sections").begin_array();
  for (const Section& section : container.sections) {
    json->begin_object();
    json->key("kind").string(section_kind_name(section.kind));
    json->key("bytes").natural(section.bytes.size());
    inspect_id("hash", section.hash, json);
    json->end_object();
  }
  json->end_array();
}

}  // namespace

void inspect_id(std::string_view key, const Sha256Digest& digest, JsonWriter* json) {
  const DigestText text = digest_text(digest);
  json->key(key).string({text.data(), text.size()});
}

void inspect_catalog(const Catalog& catalog, JsonWriter* json) {
  json->begin_object();
  json->key("name").string(catalog.name);
  json->key("version").string(catalog.version);
  inspect_id("id", catalog.container.id, json);
  json->key("offers").natural(catalog.n_offers);
  json->key("allows_unlisted").boolean(catalog.allows_unlisted);
  json->key("has_validity").boolean(!catalog.valid_from.empty() || !catalog.valid_to.empty());
  json->key("columns").begin_array();
  for (const CatalogColumn& column : catalog.columns) {
    json->begin_object();
    json->key("name").string(column.name);
    json->key("type").string(fact_type_name(column.column.type));
    json->end_object();
  }
  json->end_array().end_object();
}

void inspect_release(const Release& release, JsonWriter* json) {
  json->begin_object();
  json->key("name").string(release.name);
  json->key("version").string(release.version);
  inspect_id("id", release.container.id, json);
  json->key("routes").begin_array();
  for (const Route& route : release.routes) {
    json->begin_object();
    json->key("product").string(route.product);
    json->key("market").string(route.market);
    json->key("segment").string(route.segment);
    json->key("partner").string(route.partner);
    json->key("surface").string(route.surface);
    json->key("arm").string(route.arm);
    json->key("stage").string(stage_name(route.stage));
    json->key("traffic_weight").number(route.traffic_weight);
    inspect_id("model", route.model, json);
    inspect_id("policy", route.policy, json);
    inspect_id("catalog", route.catalog, json);
    json->key("fallback").string(route.fallback);
    json->key("tier").string(tier_name(route.tier));
    json->key("salt").string(route.salt);
    json->end_object();
  }
  json->end_array().end_object();
}

Status write_inspection(const OpenedArtifact& artifact, Arena* arena, std::string_view* text) {
  JsonWriter json(arena);
  json.begin_object();
  json.key("kind").string(artifact_kind_name(artifact.container.kind));
  inspect_id("id", artifact.container.id, &json);
  json.key("format").natural(container_version);
  json.key("numerics").natural(numerics_version);
  inspect_sections(artifact.container, &json);
  if (artifact.has_release) inspect_release(artifact.release, &json.key("release"));
  if (artifact.has_model) inspect_model(artifact.model, &json.key("model"));
  if (artifact.has_policy) inspect_policy(artifact.policy, &json.key("policy"));
  if (artifact.has_catalog) inspect_catalog(artifact.catalog, &json.key("catalog"));
  json.end_object();
  GUARDRANK_TRY(json.status());
  *text = json.view();
  return Status::ok;
}

}  // namespace guardrank
