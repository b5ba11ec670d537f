#include "capi/src/store_state.h"

#include "core/route/route.h"

using guardrank::Error;
using guardrank::Release;
using guardrank::Report;
using guardrank::RouteKey;
using guardrank::Status;

// Releases are opened once more, into the handle's own memory: it needs no artifact afterwards.
struct gr_routes {
  explicit gr_routes(const guardrank::Allocator& host) : allocator(host), arena(host, SIZE_MAX / 2) {}

  guardrank::Allocator allocator;
  guardrank::Arena arena;
  guardrank::RouteTable table;
};

namespace {

Status open_release_of(const gr_artifact& artifact, guardrank::Arena* arena, Release* release,
                       Error* error) {
  guardrank::Bytes bytes = artifact.bytes->bytes;
  if (artifact.opened.container.kind == guardrank::ArtifactKind::bundle)
    bytes = guardrank::section_bytes(artifact.opened.container, guardrank::SectionKind::release);
  if (!artifact.opened.has_release)
    return error->wanted(Status::argument, "releases", {"a release, or a bundle with one"},
                         {"a ", artifact_kind_name(artifact.opened.container.kind)});
  return guardrank::open_release(bytes, guardrank::Check::structure, arena, release, error);
}

Status open(gr_routes* routes, const gr_artifact* const* releases, std::size_t count, Error* error) {
  std::span<Release> opened;
  if (count > guardrank::limits::routed_releases)
    return error->over_limit("count", guardrank::limits::routed_releases, "", count);
  if (routes->arena.make(count, &opened) != Status::ok)
    return error->no_memory("releases");
  for (std::size_t i = 0; i < count; ++i) {
    if (releases[i] == nullptr) return error->set(Status::argument, "releases", {"must not be NULL"});
    GUARDRANK_TRY(open_release_of(*releases[i], &routes->arena, &opened[i], error));
  }
  return routes->table.prepare(opened, &routes->arena, error);
}

void copy_digest(const guardrank::Sha256Digest& digest, std::uint8_t* out) {
  __builtin_memcpy(out, digest.data(), digest.size());
}

}  // namespace

extern "C" {

gr_status gr_routes_create(const gr_engine* engine, const gr_artifact* const* releases, size_t count,
                           gr_routes** routes, gr_error** error) {
  Report report(error);
  if (engine == nullptr) return report.null("engine");
  if (releases == nullptr && count != 0) return report.null("releases");
  if (routes == nullptr) return report.null("routes");
  report.use(engine->allocator);
  auto* created = guardrank::create_handle<gr_routes>(engine->allocator, engine->allocator);
  if (created == nullptr) return report.no_memory("routes");
  const Status status = open(created, releases, count, report.error());
  if (status != Status::ok) gr_routes_free(created);
  else *routes = created;
  return report.finish(status);
}

void gr_routes_free(gr_routes* routes) {
  if (routes != nullptr) guardrank::free_handle(routes->allocator, routes);
}

gr_status gr_routes_choose(const gr_routes* routes, const gr_route_values* values,
                           gr_route_choice* choice) {
  RouteKey key;
  if (routes == nullptr || values == nullptr) return GR_STATUS_ARGUMENT;
  Error error;
  if (guardrank::read_route(values, "values", &key, &error) != Status::ok) return GR_STATUS_STRUCT_SIZE;
  const guardrank::RouteChoice chosen = routes->table.choose(key);
  gr_route_choice known = {};
  known.primary = chosen.primary;
  known.is_experiment = chosen.is_experiment ? 1 : 0;
  known.fraction = chosen.fraction;
  known.shadow_count = chosen.n_shadows;
  known.fallback_count = chosen.n_fallbacks;
  static_assert(GR_SHADOW_ROUTES == guardrank::limits::shadow_routes &&
                GR_FALLBACK_RELEASES == guardrank::limits::fallback_releases);
  for (std::uint32_t i = 0; i < chosen.n_shadows; ++i) known.shadows[i] = chosen.shadows[i];
  for (std::uint32_t i = 0; i < chosen.n_fallbacks; ++i) known.fallbacks[i] = chosen.fallbacks[i];
  return guardrank::write_struct(known, choice);
}

gr_status gr_routes_route(const gr_routes* routes, uint32_t route, gr_route* out) {
  if (routes == nullptr || route >= routes->table.n_routes()) return GR_STATUS_ARGUMENT;
  const guardrank::RouteTable& table = routes->table;
  const guardrank::Route& found = table.route(route);
  gr_route known = {};
  known.release_index = table.release_index(route);
  known.release = guardrank::as_text(table.release(route).name);
  known.arm = guardrank::as_text(found.arm);
  known.stage = guardrank::as_text(guardrank::stage_name(found.stage));
  known.tier = guardrank::as_text(guardrank::tier_name(found.tier));
  known.fallback = guardrank::as_text(found.fallback);
  copy_digest(found.model, known.model);
  copy_digest(found.policy, known.policy);
  copy_digest(found.catalog, known.catalog);
  return guardrank::write_struct(known, out);
}

gr_status gr_routes_explain(const gr_routes* routes, const gr_route_values* values, char* out,
                            size_t capacity, size_t* size, gr_error** error) {
  Report report(error);
  if (routes == nullptr) return report.null("routes");
  if (values == nullptr) return report.null("values");
  if (size == nullptr || (out == nullptr && capacity != 0))
    return report.null(size == nullptr ? "size" : "out");
  report.use(routes->allocator);
  RouteKey key;
  const Status status = guardrank::read_route(values, "values", &key, report.error());
  if (status != Status::ok) return report.finish(status);
  guardrank::Arena arena(routes->allocator, SIZE_MAX / 2);
  std::string_view text;
  if (guardrank::write_route_explanation(routes->table, key, &arena, &text) != Status::ok)
    return report.no_memory("explanation");
  *size = text.size();
  if (!text.empty() && capacity != 0)
    __builtin_memcpy(out, text.data(), text.size() < capacity ? text.size() : capacity);
  return report.finish(Status::ok);
}

}  // extern "C"
